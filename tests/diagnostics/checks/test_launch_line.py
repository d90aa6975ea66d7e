# SPDX-License-Identifier: GPL-3.0-or-later
"""A command line, read as a launch, and written anew."""

from __future__ import annotations

import json

import pytest

from diagnostics.checks.launch_line import read_launch_line, with_package, with_python
from diagnostics.model import Command


def command(line: str, **env: str) -> Command:
    program, *args = line.split()
    return Command(program, tuple(args), env)


@pytest.mark.parametrize(
    ("line", "launcher", "package", "release", "python"),
    [
        ("uvx mcp-for-blender", "uvx", "mcp-for-blender", "", ""),
        ("C:\\x\\uvx.exe Blender_MCP@1.5.6", "uvx", "blender-mcp", "==1.5.6", ""),
        ("uvx blender-mcp@latest", "uvx", "blender-mcp", "@latest", ""),
        ("uvx --python 3.9 --from blender-mcp==1 x", "uvx", "blender-mcp", "==1", "3.9"),
        ("uv tool run -p cpython@3.12 blender-mcp", "uvx", "blender-mcp", "", "3.12"),
        ("uvx --from git+https://x.invalid/y z", "uvx", "", "", ""),
        ("cmd /c uvx --python=3.9 blender-mcp", "uvx", "blender-mcp", "", "3.9"),
        ("uv run --python 3.8 blender-mcp", "uv run", "", "", "3.8"),
        ("pipx run blender-mcp==1.5.6", "pipx run", "blender-mcp", "==1.5.6", ""),
        ("pipx run --python 3.9 --spec blender-mcp[x]>=1 blender-mcp", "pipx run", "blender-mcp", ">=1", "3.9"),
        ("python3.9 -m blender_mcp", "python", "blender_mcp", "", "3.9"),
        ("/opt/venv/bin/python -m blmcp", "python", "blmcp", "", ""),
        ("/opt/venv/bin/mcp-for-blender", "program", "", "", ""),
        ("docker run -i some/image", "container", "", "", ""),
        ("npx -y some-server@1", "npx", "some-server", "@1", ""),
        ("npx -y @scope/server", "npx", "@scope/server", "", ""),
        ("npx", "npx", "", "", ""),
        ("pipx run", "pipx run", "", "", ""),
    ],
)
def test_a_launch(line: str, launcher: str, package: str, release: str, python: str) -> None:
    read = read_launch_line(command(line))
    assert (read.launcher, read.package, read.release, read.python) == (launcher, package, release, python)


def test_a_variable_asks_for_a_python_too() -> None:
    read = read_launch_line(command("uvx blender-mcp", UV_PYTHON="3.9"))
    assert (read.python, read.python_word) == ("3.9", "UV_PYTHON=3.9")


def test_a_server_at_an_address() -> None:
    read = read_launch_line(command("npx -y mcp-remote@latest http://box:8000/mcp --allow-http"))
    assert (read.package, read.url) == ("mcp-remote", "http://box:8000/mcp")
    assert read.told() == "npx, mcp-remote@latest, http://box:8000/mcp"


@pytest.mark.parametrize(
    ("line", "anew"),
    [
        ("uvx blender-mcp", "uvx --python 3.11 blender-mcp"),
        ("uvx --python 3.9 blender-mcp", "uvx --python 3.11 blender-mcp"),
        ("uvx -p 3.9 blender-mcp", "uvx --python 3.11 blender-mcp"),
        ("uvx --python=3.9 blender-mcp", "uvx --python=3.11 blender-mcp"),
        ("uv --quiet tool run blender-mcp", "uv --quiet tool run --python 3.11 blender-mcp"),
        ("uv run --directory /x blender-mcp", "uv run --python 3.11 --directory /x blender-mcp"),
        ("cmd /c uvx blender-mcp", "cmd /c uvx --python 3.11 blender-mcp"),
        ("env A=1 uvx blender-mcp", "env A=1 uvx --python 3.11 blender-mcp"),
        ("pipx run blender-mcp", "pipx run --python 3.11 blender-mcp"),
        ("python -m blmcp", ""),
    ],
)
def test_with_another_python(line: str, anew: str) -> None:
    given = command(line)
    made = with_python(read_launch_line(given), given, "3.11")
    assert _words(made) == anew


def test_a_line_for_a_shell_is_replaced_by_words() -> None:
    given = Command("bash", ("-lc", "uvx 'blender-mcp' --x \"a b\""))
    made = json.loads("{" + with_python(read_launch_line(given), given, "3.11") + "}")
    assert made == {"command": "uvx", "args": ["--python", "3.11", "blender-mcp", "--x", "a b"]}


@pytest.mark.parametrize(
    "script",
    [
        "FOO=1 exec uvx blender-mcp",
        "export FOO=1; uvx blender-mcp",
        "env FOO=1 uvx blender-mcp",
        "cd /srv && uvx blender-mcp",
    ],
)
def test_a_line_that_sets_more_is_not_replaced(script: str) -> None:
    given = Command("bash", ("-c", script))
    line = read_launch_line(given)
    assert with_python(line, given, "3.11") == ""
    assert with_package(line, given, "mcp-for-blender") == ""
    assert line.starter == "bash"


@pytest.mark.parametrize(
    ("line", "starter"),
    [("env A=1 uvx blender-mcp", "env"), ("cmd /c uvx blender-mcp", "cmd"), ("uvx blender-mcp", "uvx")],
)
def test_what_starts_it(line: str, starter: str) -> None:
    assert read_launch_line(command(line)).starter == starter


@pytest.mark.parametrize(
    ("line", "anew"),
    [
        ("uvx blendr-mcp", "uvx blender-mcp"),
        ("uvx Blendr_MCP@latest --port 1", "uvx blender-mcp --port 1"),
        ("cmd /c uvx blendr-mcp==1", "cmd /c uvx blender-mcp"),
        ("uvx --from blendr-mcp blendr-mcp", "uvx --from blender-mcp blender-mcp"),
    ],
)
def test_with_another_package(line: str, anew: str) -> None:
    given = command(line)
    assert _words(with_package(read_launch_line(given), given, "blender-mcp")) == anew


def _words(members: str) -> str:
    made = json.loads("{" + members + "}") if members else {"command": "", "args": []}
    return " ".join([made["command"], *made["args"]]).strip()
