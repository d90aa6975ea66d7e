# SPDX-License-Identifier: GPL-3.0-or-later
"""What uv says about requirements, and FAKE ones that say nothing or too much."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from diagnostics.ledger import Ledger
from diagnostics.probes.resolution import Resolution, reason_in, resolve, resolving_options
from diagnostics.protocols.uv_command import read_uv_command

from .children import FOREVER, PRELUDE, alive, environment

NO_SOLUTION = """error: No solution found when resolving tool dependencies
  cause: Because only mcp<=2.3.0 is available and you require mcp>3, we can conclude that your
         requirements are unsatisfiable.
"""
OLDER = "  × No solution found when resolving tool dependencies:\n  ╰─▶ Because mcp was not found in the registry\n"


def ask(folder: Path, body: str, *, offline: bool = True, deadline_s: float = 30) -> Resolution:
    """What comes of a uv that runs `body`."""
    uv, ledger = folder / "uv", Ledger()
    uv.write_text(f"#!{sys.executable} -S\n{PRELUDE}{body}", encoding="utf-8")
    uv.chmod(0o755)
    asked = resolve(uv, ["a", "b>1"], environ=environment(), ledger=ledger, offline=offline, deadline_s=deadline_s)
    resolution = asyncio.run(asked)
    assert alive(folder) == []
    assert len(ledger.did().started) == 1
    return resolution


def test_what_it_chose(tmp_path: Path) -> None:
    lines = "# no", "A==1.0", "b[x]==2.0+local ; python_version>'3'", "c @ file:///c"
    body = f"assert sys.stdin.read() == 'a\\nb>1\\n'\nfor line in {lines!r}: print(line)"
    assert ask(tmp_path, body) == Resolution({"a": "1.0", "b": "2.0+local"}, offline=True)


@pytest.mark.parametrize("offline", [True, False])
def test_it_lacks_the_network(tmp_path: Path, offline: bool) -> None:
    body = "sys.exit('hint: network was disabled\\n') if '--offline' in sys.argv else print('a==3')"
    resolution = ask(tmp_path, body, offline=offline)
    assert resolution.versions == ({} if offline else {"a": "3"})
    assert (resolution.lacking, resolution.offline) == (offline, offline)


@pytest.mark.parametrize(
    "body",
    [FOREVER, f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{FOREVER}", "while True: sys.stdout.write('x' * 65536)"],
)
def test_it_does_not_end(tmp_path: Path, body: str) -> None:
    resolution = ask(tmp_path, body, deadline_s=1.5)
    assert resolution.problem
    assert resolution.versions == {}


@pytest.mark.parametrize("text", [NO_SOLUTION, "Resolving…\n" + NO_SOLUTION, OLDER])
def test_the_reason(text: str) -> None:
    reason = reason_in(text, begins="No solution found when resolving|Failed to fetch")
    assert "No solution found" in reason[0]
    assert "Because" in reason[1]


def test_of_a_long_reason_the_two_ends() -> None:
    reason = reason_in("error: No solution\n" + "\n".join(f"line {number}" for number in range(1000)))
    assert (reason[0], reason[-1], len(reason)) == ("error: No solution", "line 999", 9)


def test_what_another_program_says_is_no_reason() -> None:
    assert (
        reason_in("error: the server cannot bind its port", begins="No solution found when resolving|Failed to fetch")
        == ()
    )


def test_the_options_that_decide() -> None:
    args = [
        "--python",
        "3.12",
        "-i",
        "https://a/simple",
        "--index",
        "b=https://b",
        "--offline",
        "--with",
        "x",
        "tool",
        "-n",
    ]
    command = read_uv_command("uvx", args)
    assert command is not None
    expected = ("--index-url", "https://a/simple", "--index", "b=https://b", "--offline")
    assert resolving_options(command) == expected
