# SPDX-License-Identifier: GPL-3.0-or-later
"""What command lines of uv and Python ask for."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.python_command import interpreter_of, read_python_command
from diagnostics.protocols.uv_command import python_request, read_uv_command, tool_request


@pytest.mark.parametrize(
    ("line", "tool", "extra", "pinned"),
    [
        ("uvx mcp-for-blender", "mcp-for-blender", [], False),
        ("uvx.exe mcp-for-blender@2.2.4 --port 9", "mcp-for-blender==2.2.4", [], True),
        ("uvx mcp-for-blender@latest", "mcp-for-blender", [], False),
        ("uvx --from blender-mcp==1.5.6 blender-mcp", "blender-mcp==1.5.6", [], True),
        ("uvx -p 3.11 --with=mcp<2 blender-mcp", "blender-mcp", ["mcp<2"], False),
        ("uvx --with 'mcp>1,<2,httpx' blender-mcp==1.*", "blender-mcp==1.*", ["mcp<2,>1", "httpx"], False),
        ("uv --offline tool run -q x --with y", "x", [], False),
    ],
)
def test_tools(line: str, tool: str, extra: list[str], *, pinned: bool) -> None:
    program, *args = shlex.split(line)
    command = read_uv_command(program, args)
    assert command is not None
    request = tool_request(command)
    assert request is not None
    assert (str(request.tool), [str(one) for one in request.extra], request.pinned) == (tool, extra, pinned)
    assert request.understood


@pytest.mark.parametrize(
    "line", ["uvx ./here", "uvx --from git+https://example.org/x x", "uvx --from 'x @ file:///x' x"]
)
def test_what_is_no_requirement(line: str) -> None:
    program, *args = shlex.split(line)
    command = read_uv_command(program, args)
    assert command is not None
    assert tool_request(command) is None


@pytest.mark.parametrize("line", ["uv pip list", "uv", "uvx", "uvx --from x", "python -m x", "uv tool install x"])
def test_what_runs_nothing(line: str) -> None:
    program, *args = shlex.split(line)
    assert read_uv_command(program, args) is None


def test_a_project() -> None:
    command = read_uv_command("uv", ["--directory", "/d", "run", "--with", "mcp<2", "-m", "blmcp", "--directory", "no"])
    assert command is not None
    assert command.words == ("-m", "blmcp", "--directory", "no")
    assert (command.value("--directory"), command.values("--with")) == ("/d", ("mcp<2",))


@given(st.lists(st.text(max_size=12) | st.sampled_from(["-", "--", "run", "tool", "--with", "-m", "x@1"]), max_size=8))
def test_nothing_is_fatal(args: list[str]) -> None:
    for program in ("uv", "uvx"):
        command = read_uv_command(program, args)
        if command is not None and command.kind == "tool":
            tool_request(command)
    read_python_command("python3", args)


@pytest.mark.parametrize(
    ("asked", "version"),
    [("3.11", "3.11"), ("python3.12", "3.12"), ("cpython-3.13.2-linux", "3.13.2"), ("/usr/bin/python", ""), ("", "")],
)
def test_the_python_that_is_asked_for(asked: str, version: str) -> None:
    assert python_request(asked) == version


@pytest.mark.parametrize(
    ("line", "module", "script", "safe"),
    [
        ("python -m blender_mcp.server --port 1", "blender_mcp.server", "", False),
        ("python3.11 -u -Im x", "x", "", True),
        ("py -3.11 -X dev s.py -m no", "", "s.py", False),
        ("/a/python.exe -W error -P s.py", "", "s.py", True),
    ],
)
def test_python(line: str, module: str, script: str, *, safe: bool) -> None:
    program, *args = shlex.split(line)
    command = read_python_command(program, args)
    assert command is not None
    assert (command.module, command.script, command.safe_path) == (module, script, safe)


@pytest.mark.parametrize("line", ["python", "python -c 1", "python -", "pythonic x.py", "python --version"])
def test_no_module_and_no_script(line: str) -> None:
    program, *args = shlex.split(line)
    assert read_python_command(program, args) is None


@pytest.mark.parametrize(
    ("head", "named"),
    [
        ("#!/v/bin/python\n", "/v/bin/python"),
        ("#!/v/bin/python3.11 -sE\n", "/v/bin/python3.11"),
        ("#!/bin/sh\n'''exec' \"/a b/python3\" \"$0\" \"$@\"\n' '''\n", "/a b/python3"),
        ("#!/bin/sh\n'''exec' /long/python \"$0\" \"$@\"\n' '''\n", "/long/python"),
        (
            "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n",
            "/t/bin/python",
        ),
        ("#!/usr/bin/env python3\n", ""),
        ("#!/bin/sh\nexec uvx mcp-for-blender\n", ""),
        ("\x7fELF", ""),
        ("", ""),
    ],
)
def test_first_lines(head: str, named: str) -> None:
    assert interpreter_of(head.encode(), Path("/t/bin/tool")) == named
