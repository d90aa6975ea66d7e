# SPDX-License-Identifier: GPL-3.0-or-later
"""A command that a report offers looks at what the report is about, and not at the defaults."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Any

import pytest

from diagnostics.command_line.arguments import parser, target_of
from diagnostics.lock import FILE_NAME
from diagnostics.model import Remedy, Repeat, Report, Target
from diagnostics.reports import FORMATS, render
from diagnostics.reports.outline import repairs
from diagnostics.target import make_target
from diagnostics.target.repeated import options_of

from .runs import Doctor, found

LAUNCHER = {"only": ["client", "launcher"]}


def typed_again(target: Target, *command: str) -> Target:
    options = parser("mcp-diagnostics").parse_args([*(command or ["run"]), *shlex.split(options_of(target, "linux"))])
    options.own_folder = None
    return dataclasses.replace(target_of(options, lock=options.lock), project=target.project)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"host": "localhost"},
        {"port": 29878},
        {"host": "::1", "port": 9877, "kind": "bridge"},
        {"host": "example.org", "kind": "mcp-http", "path": "/it's", "tls": True, "launch": True},
        {"server_name": "blender.example.org"},
        {"headers": ["Authorization=MY_TOKEN"], "offers": ["2025-03-26"]},
        {"apps": ["claude-desktop", "cursor"], **LAUNCHER},
        {"expect_protocol": ["15", "2025-11-25"], "pins": ["mcp<2", "uvicorn~=0.3"], "isolate": True},
        {"ignore": ["launcher.not-found"], "deadline": "7.5"},
    ],
    ids=str,
)
def test_what_was_asked_is_asked_again(asked: dict[str, Any]) -> None:
    target = make_target(**asked)
    assert typed_again(target) == target


def test_files_too(tmp_path: Path) -> None:
    for name in ("an app's.json", "server.toml"):
        (tmp_path / name).write_text("")
    target = make_target(app_config=tmp_path / "an app's.json", server_config=tmp_path / "server.toml")
    assert typed_again(target, "fix", "launcher.not-found") == target
    assert FILE_NAME not in options_of(target, "linux")


def test_the_defaults_need_no_word() -> None:
    assert options_of(make_target(), "linux") == ""
    assert options_of(make_target(), "win32") == ""


def test_what_a_path_asks_for_is_not_told() -> None:
    target = make_target(host="example.org", kind="mcp-http", path="/mcp?key=abcdefgh")
    assert "abcdefgh" not in options_of(target, "linux")


def lost(doctor: Doctor, **target: Any) -> Report:
    tool = doctor.script("shell bin/uvx", "")
    doctor.environ["PATH"] = str(tool.parent)
    doctor.configure({"command": "uvx", "args": ["mcp-for-blender"]})
    return doctor.run(**LAUNCHER, **target)


@pytest.mark.parametrize("style", sorted(set(FORMATS) - {"json"}))
def test_the_offered_command_names_the_target(doctor: Doctor, style: str) -> None:
    report = lost(doctor, port=29878, apps=["claude-desktop"])
    command = "mcp-diagnostics fix launcher.not-found --port 29878 --app claude-desktop --only client,launcher"
    assert f"{command}\n" in render(report, style).replace("</pre>", "\n")


def test_a_runbook_ends_with_the_same_run(doctor: Doctor) -> None:
    lines = render(lost(doctor, port=29878), "runbook").splitlines()
    assert "  mcp-diagnostics --port 29878 --only client,launcher" in lines


def test_a_file_at_home_is_written_out_on_ones_own_screen_only(doctor: Doctor) -> None:
    file = doctor.configure({"command": "uvx", "args": ["mcp-for-blender"]})
    report = lost(doctor, app_config=file, apps=["claude-desktop"])
    assert str(doctor.home) not in render(report, "text")
    assert f"--app-config {shlex.quote(str(file))}" in render(report, "text", exact=True)


def test_one_of_several_repairs_is_named_by_its_number(doctor: Doctor) -> None:
    report = lost(doctor)
    one = found(report, "launcher.not-found")
    ((_one, first),) = repairs(report, one.id)
    assert "--choose" not in render(report, "text")
    second = dataclasses.replace(first, title="Another")
    inside = Remedy("In Blender", "apply", "localhost:1", action="use-endpoint")
    both = dataclasses.replace(one, remedies=(inside, first, second))
    text = render(dataclasses.replace(report, findings=(both,), repeat=Repeat("--port 1")), "text")
    assert "mcp-diagnostics fix launcher.not-found --choose 1 --port 1\n" in text
    assert "mcp-diagnostics fix launcher.not-found --choose 2 --port 1\n" in text
    assert "--choose 3" not in text


@pytest.mark.parametrize("style", sorted(set(FORMATS) - {"json"}))
def test_what_the_mark_of_the_home_folder_means_is_said_once(doctor: Doctor, style: str) -> None:
    assert render(lost(doctor), style).count("stands for your home folder") == 1


@pytest.mark.parametrize("style", sorted(set(FORMATS) - {"json"}))
def test_a_version_with_that_mark_is_no_folder(doctor: Doctor, style: str) -> None:
    report = lost(doctor)
    pinned = Remedy("Pin it", "copy", '"args": ["--with", "mcp~=1.2", "server~1"]')
    one = dataclasses.replace(found(report, "launcher.not-found"), remedies=(pinned,))
    assert "stands for your home" not in render(dataclasses.replace(report, findings=(one,)), style)


def test_on_ones_own_screen_it_is_written_out(doctor: Doctor) -> None:
    assert "stands for your home" not in render(lost(doctor), "text", exact=True)
