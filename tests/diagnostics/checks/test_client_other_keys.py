# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender servers outside of the section in which the app looks for its servers, and what looks like them."""

from __future__ import annotations

import json

import pytest

from diagnostics.model import Report

from ..runs import Doctor, found, ids
from .test_client_apps import FILES, put

ENTRY = {"command": "uvx", "args": ["mcp-for-blender"]}


def look(doctor: Doctor, **target: object) -> Report:
    return doctor.run(only=["client"], **target)


@pytest.mark.parametrize(
    ("app", "key"),
    [
        ("vscode", "mcpServers"),
        ("claude-desktop", "servers"),
        ("claude-desktop", "mcp"),
        ("cursor", "context_servers"),
        ("opencode", "mcpServers"),
        ("zed", "mcpServers"),
    ],
)
def test_under_the_key_of_another_app(doctor: Doctor, app: str, key: str) -> None:
    files, right, _entry = FILES[app]
    put(doctor.home / files["linux"], key, ENTRY)
    report = look(doctor)
    assert report.root_cause == "client.config-wrong-key"
    told = report.findings[0]
    assert (told.evidence["key"], told.evidence["right_key"]) == (key, right)
    assert told.evidence["line"] == 3


@pytest.mark.parametrize(
    ("content", "key", "line"),
    [
        ({"blender": ENTRY}, None, 2),
        ({"mcpServers": {}, "blender": ENTRY}, None, 3),
        ({"mcpServers": {"other": {"command": "other"}}, "blender": ENTRY}, None, 7),
        ({"mcpServers": {"mcpServers": {"blender": ENTRY}}}, "mcpServers.mcpServers", 3),
        ({"mcp": {"servers": {"blender": ENTRY}}}, "mcp.servers", 3),
        ({"mcpservers": {"blender": ENTRY}}, "mcpservers", 2),
        ({"mcpServer": {"blender": ENTRY}}, "mcpServer", 2),
        ({"mcp-servers": {"blender": ENTRY}, "mcpServers": {}}, "mcp-servers", 2),
    ],
)
def test_outside_of_its_key(doctor: Doctor, content: dict[str, object], key: str | None, line: int) -> None:
    doctor.write(json.dumps(content, indent=2))
    report = look(doctor)
    assert ids(report) == ["client.config-wrong-key"]
    told = report.findings[0]
    assert (told.evidence.get("key"), told.evidence["line"]) == (key, line)
    assert told.evidence["entry"] == "blender"
    assert "“mcpServers”" in told.title


@pytest.mark.parametrize(
    "content",
    [
        {"theme": "blender", "shell": {"command": "bash"}},
        {"recent": {"files": {"blender": ENTRY}}},
        {"mcp": {"servers": {"other": {"command": "other"}}}},
        {"mcpServers": {"servers": {"command": "other"}}},
        {"editor": {"command": "code", "args": ["/home/me/blender-scripts"]}},
        {"command": {"command": {"template": "blender"}}},
        {"blender": {"path": "/usr/bin/blender"}},
    ],
)
def test_what_stands_elsewhere_and_is_no_blender_server(doctor: Doctor, content: dict[str, object]) -> None:
    doctor.write(json.dumps(content))
    assert ids(look(doctor)) == ["client.no-blender-entry"]


def test_a_server_that_is_called_as_a_key(doctor: Doctor) -> None:
    doctor.configure({**ENTRY, "env": {"command": "x"}}, name="mcp")
    assert look(doctor).findings == ()


def test_outside_of_its_key_and_in_another_file_of_the_app(doctor: Doctor) -> None:
    folder = doctor.home / ".config/opencode"
    folder.mkdir(parents=True)
    server = {"type": "local", "command": ["uvx", "mcp-for-blender"]}
    (folder / "opencode.jsonc").write_text(json.dumps({"blender": server}))
    assert ids(look(doctor)) == ["client.config-wrong-key"]
    (folder / "opencode.json").write_text(json.dumps({"mcp": {"blender": server}}))
    assert look(doctor).findings == ()


def test_codex_with_the_key_of_others(doctor: Doctor) -> None:
    put(doctor.home / ".codex/config.toml", "", '\n[mcpServers.blender]\ncommand = "uvx"\nargs = ["mcp-for-blender"]\n')
    told = found(look(doctor), "client.config-wrong-key")
    assert (told.evidence["right_key"], told.evidence["line"]) == ("mcp_servers", 2)


def test_other_keys_are_no_mistake(doctor: Doctor) -> None:
    put(
        doctor.home / ".gemini/settings.json",
        "",
        '{"mcp": {"excluded": ["blender"]}, "servers": {"a": {"command": "b"}}}',
    )
    assert ids(look(doctor)) == ["client.no-blender-entry"]
    doctor.write(json.dumps({"mcpServers": {"blender": ENTRY}, "servers": {"blender": ENTRY}}))
    assert look(doctor).findings == ()
