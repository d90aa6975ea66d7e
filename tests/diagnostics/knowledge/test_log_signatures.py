# SPDX-License-Identifier: GPL-3.0-or-later
"""The signatures of logs: each matches what users have posted, and none takes long."""

from __future__ import annotations

import re
import time

import pytest

from diagnostics.knowledge.catalogue import causes
from diagnostics.knowledge.log_signatures import Signature, possible, server_of, signatures

every = pytest.mark.parametrize("row", signatures(), ids=lambda row: f"{row.cause}-{row.source}")

SAID = {
    "client.app-bug": ["TypeError: Cannot read properties of undefined (reading 'cmd')"],
    "launcher.not-found": [
        "spawn uvx ENOENT {",
        "Connection state: Error spawn uv ENOENT",
        "spawn C:\\Users\\Ada L\\uvx.exe ENOENT",
    ],
    "client.start-timeout": [
        "rails-mcp-server context server failed to start: Context server request timeout",
        "MCP client for `fetch` failed to start: request timed out",
        "MCP client for `playwright` timed out after 10 seconds. Add or adjust `startup_timeout_sec` in your",
    ],
    "client.tool-timeout": ["No result received from the Claude Desktop app after waiting 4 minutes. The local MCP"],
    "addon.product-mismatch": ["BlenderMCPServer - INFO - Returning data after receive completion (51 bytes)"],
    "server.stdout-polluted": [
        "Unexpected token 'S', \"Starting...\" is not valid JSON",
        "Unexpected non-whitespace character after JSON at position 4",
    ],
}


def first(text: str) -> Signature | None:
    return next((row for row in signatures() if row.facts(text)), None)


@pytest.mark.parametrize(("cause", "text"), [(cause, text) for cause, texts in SAID.items() for text in texts])
def test_what_users_have_seen(cause: str, text: str) -> None:
    found = first(text)
    assert found is not None
    assert found.cause == cause
    assert any(literal in text for literal in found.contains)


@every
def test_each_is_tested_and_whole(row: Signature) -> None:
    assert any(row.facts(text) for text in SAID[row.cause])
    assert row.by in {"app", "server"}
    assert row.stage in {"start", "run"}
    assert row.what
    assert re.fullmatch(r"[A-E]\d+(?:, [A-E]\d+)*", row.source)


def test_each_cause_can_be_named() -> None:
    assert {row.cause for row in signatures()} <= set(causes())


@every
@pytest.mark.parametrize("filler", ["a", " ", "\\", "spawn ", "Failed to build a", "open", "Python version (3", "'"])
def test_a_signature_takes_linear_time(row: Signature, filler: str) -> None:
    text = row.contains[0] + filler * (9000 // len(filler)) + row.contains[-1]
    began = time.perf_counter()
    row.facts(text)
    assert time.perf_counter() - began < 0.1


def test_most_logs_need_no_closer_look() -> None:
    assert possible(b"2025-05-04T10:47:35.069Z [blender] [info] Server started and connected successfully") == ()
    assert [row.cause for row in possible(b"spawn uvx ENOENT")] == ["launcher.not-found"]


@pytest.mark.parametrize(
    ("path", "server"),
    [
        ("/x/Claude/logs/mcp-server-blender.log", "blender"),
        ("/x/Claude/logs/mcp-server-CVP MCP Server.log", "CVP MCP Server"),
        ("/x/Claude/logs/mcp.log", None),
        ("/x/-home-ada/mcp-logs-blender/2026-07-31T10-20-09-396Z.jsonl", "blender"),
        ("/x/window1/mcpServer.mcp.config.usrlocal.blender.log", "blender"),
        ("/x/anysphere.cursor-mcp/MCP user-blender.log", "blender"),
        ("/x/logs/Zed.log", None),
    ],
)
def test_whose_log_it_is(path: str, server: str | None) -> None:
    assert server_of(path) == server
