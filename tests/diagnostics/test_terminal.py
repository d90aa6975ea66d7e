# SPDX-License-Identifier: GPL-3.0-or-later
"""What people see in a real terminal: its width, its colours, its signs; and none of that in a pipe."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from diagnostics.command_line.terminal import colours

from .runs import closed_port

pty = pytest.importorskip("pty", reason="terminals of this kind are not there on Windows")

ROOT = Path(__file__).parents[2]
COLOUR = "\x1b[1;31m"
SEQUENCE = re.compile(r"\x1b\[[\d;]*m")


def _command(*more: str) -> list[str]:
    where = ["--host", "127.0.0.1", "--port", str(closed_port()), "--only", "network"]
    return [sys.executable, "-m", "diagnostics", *where, *more]


def _environ(home: Path, environ: dict[str, str]) -> dict[str, str]:
    usual = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    return usual | {"LANG": "C.UTF-8", "COLUMNS": "80"} | environ


def on_terminal(home: Path, *more: str, **environ: str) -> str:
    """What the program writes on a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(_command(*more), stdin=theirs, stdout=theirs, env=_environ(home, environ)) as program:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # Linux tells so that nobody has it open any more
            while piece := os.read(ours, 65536):
                said += piece
    os.close(ours)
    assert program.returncode == 1
    return said.decode().replace("\r\n", "\n")


def piped(home: Path, *more: str, **environ: str) -> bytes:
    ran = subprocess.run(_command(*more), capture_output=True, env=_environ(home, environ), check=False)
    assert (ran.returncode, ran.stderr) == (1, b"")
    return ran.stdout


def test_a_terminal_has_colours_and_signs(tmp_path: Path) -> None:
    said = on_terminal(tmp_path)
    assert said.startswith(f"{COLOUR}✖ ")
    assert "\x1b[31mBroken\x1b[0m" in said


def test_a_pipe_has_none(tmp_path: Path) -> None:
    said = piped(tmp_path).decode()
    assert said.startswith("✖ ")
    assert "\x1b" not in said


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CLICOLOR": "0"}], ids=str)
def test_colours_that_are_not_wanted(environ: dict[str, str], tmp_path: Path) -> None:
    assert "\x1b" not in on_terminal(tmp_path, **environ)


@pytest.mark.parametrize("name", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_colours_that_are_wanted_anyway(name: str, tmp_path: Path) -> None:
    said = piped(tmp_path, **{name: "1"}).decode()
    assert said.startswith(COLOUR)
    assert SEQUENCE.sub("", said).split("Contacted")[0].split()[:2] == piped(tmp_path).decode().split()[:2]


@pytest.mark.parametrize(
    ("environ", "shown", "wanted"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, True),
        ({"TERM": "xterm", "CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, False, True),
        ({"TERM": "xterm", "CLICOLOR_FORCE": "0"}, False, False),
        ({"TERM": "xterm", "FORCE_COLOR": "0"}, True, True),
    ],
    ids=str,
)
def test_the_customs(environ: dict[str, str], shown: bool, wanted: bool) -> None:
    assert colours(environ, shown=shown) is wanted


@pytest.mark.parametrize("columns", [40, 60, 80, 100])
def test_no_line_is_wider_than_the_terminal(columns: int, tmp_path: Path) -> None:
    said = SEQUENCE.sub("", on_terminal(tmp_path, COLUMNS=str(columns)))
    head = said.partition("   → ")[0]  # what is to be copied is never broken
    assert max(map(len, head.splitlines())) <= columns
    labels = ["AI App", "Launcher", "MCP Server", "Network", "Add-on", "Blender"]
    assert re.findall("^  . (AI App|Launcher|MCP Server|Network|Add-on|Blender) ", said, re.MULTILINE) == labels


def test_a_very_wide_terminal_stays_readable(tmp_path: Path) -> None:
    said = SEQUENCE.sub("", on_terminal(tmp_path, COLUMNS="400"))
    assert max(map(len, said.splitlines())) <= 100


@pytest.mark.parametrize(
    "environ", [{"LANG": "C"}, {"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, {"LC_ALL": "POSIX"}], ids=str
)
def test_a_plain_terminal_gets_ascii(environ: dict[str, str], tmp_path: Path) -> None:
    said = on_terminal(tmp_path, NO_COLOR="1", **environ)
    assert said.isascii()
    assert said.startswith("x ")
    assert "?" not in said


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "shift_jis"])
def test_an_encoding_that_lacks_our_signs(encoding: str, tmp_path: Path) -> None:
    said = codecs.decode(piped(tmp_path, "--verbose", PYTHONIOENCODING=encoding), encoding)
    assert said.startswith("x ")
    assert "network.refused" in said or "network." in said


@pytest.mark.parametrize("form", ["json", "markdown", "junit", "html"])
def test_other_formats_have_no_colours(form: str, tmp_path: Path) -> None:
    assert b"\x1b" not in piped(tmp_path, "--format", form, FORCE_COLOR="1")
