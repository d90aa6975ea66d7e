# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of a good configuration, changed at random: nothing raises, and what the app refuses does not pass."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.check import Context
from diagnostics.checks.client.looking import look
from diagnostics.checks.client.reading import Refused, read_as
from diagnostics.knowledge.apps import App, apps
from diagnostics.ledger import Ledger
from diagnostics.model import Machine, Target

GOOD = json.dumps(
    {"theme": "dark", "mcpServers": {"blender": {"command": "uvx", "args": ["mcp-for-blender"], "env": {"A": "b\\c"}}}},
    indent=2,
).encode()
CODEX = b"""model = "x"
[mcp_servers.blender]
command = "uvx"
args = ["mcp-for-blender"]
[mcp_servers.blender.env]
A = "b"
"""
PIECES = st.sampled_from(
    [
        b"",
        b",",
        b"}",
        b"{",
        b"]",
        b'"',
        b"\\",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\x00",
        b"//x\n",
        b"'",
        "“".encode(),
        b"1e5",
        b"null",
        b"\n",
    ]
)
EDITS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 6), PIECES), min_size=1, max_size=3)
JUDGE = """
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", line => {
  let verdict = "ok";
  try { JSON.parse(Buffer.from(line, "base64").toString("utf8")); } catch (error) { verdict = "no"; }
  console.log(verdict);
});
"""
node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for place, removed, inserted in edits:
        at = place % (len(data) + 1)
        data = data[:at] + inserted + data[at + removed :]
    return data


def app(name: str) -> App:
    return {app.id: app for app in apps()}[name]


def read(name: str, data: bytes) -> bool:
    """Whether the file is read as one of this app. All that follows is done too, and must not raise."""
    with tempfile.TemporaryDirectory() as home:
        file = Path(home, "config")
        file.write_bytes(data)
        context = Context(
            Target(app_config=file), None, Machine("linux", Path(home), {}), Ledger(), ends_at=time.monotonic() + 9
        )
        look(app(name), context)
        return not isinstance(read_as(app(name), file, context), Refused)


@pytest.fixture(scope="module")
def judge() -> Iterator[subprocess.Popen[str]]:
    """A node that says of each line whether `JSON.parse` takes what it stands for."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(["node", "-e", JUDGE], **pipes, text=True, bufsize=1) as process:  # type: ignore[call-overload]
        yield process
        process.stdin.close()


@node
@given(EDITS)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_json_parse_refuses_does_not_pass(
    judge: subprocess.Popen[str], edits: list[tuple[int, int, bytes]]
) -> None:
    data = edited(GOOD, edits)
    assert judge.stdin is not None
    assert judge.stdout is not None
    judge.stdin.write(base64.b64encode(data).decode() + "\n")
    judge.stdin.flush()
    accepted = judge.stdout.readline() == "ok\n"
    # node reads wrong bytes as U+FFFD; a configuration with them in it is called unreadable.
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        assert not read("claude-desktop", data)
    else:
        assert read("claude-desktop", data) == accepted


@given(EDITS)
@settings(max_examples=200, deadline=None)
def test_toml(edits: list[tuple[int, int, bytes]]) -> None:
    data = edited(CODEX, edits)
    try:
        tomllib.loads(data.removeprefix(b"\xef\xbb\xbf").decode())
        accepted = True
    except ValueError:
        accepted = False
    assert read("codex", data) == accepted


@given(EDITS, st.sampled_from(["vscode", "opencode", "zed", "gemini-cli", "claude-code"]))
@settings(max_examples=200, deadline=None)
def test_what_is_json_is_read_by_every_app(edits: list[tuple[int, int, bytes]], name: str) -> None:
    data = edited(GOOD, edits)
    try:
        json.loads(data.decode())
    except (ValueError, RecursionError):
        read(name, data)
    else:
        assert read(name, data)
