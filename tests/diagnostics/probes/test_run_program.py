# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a program does, it is given up in time, and nothing of it goes on."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from diagnostics.ledger import Ledger
from diagnostics.probes.run_program import Ran, run_program

from .children import FOREVER, alive, command, environment, until_noted

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
DEAF = f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{FOREVER}"
GRANDCHILD = f"subprocess.Popen([sys.executable, '-S', '-c', 'import time\\n{FOREVER}'])\n{FOREVER}"


def run(folder: Path, body: str, *, deadline_s: float = 30, stdin: str = "", most: int = 1 << 20) -> Ran:
    asked = command(folder, body)
    ledger = Ledger()
    ran = asyncio.run(
        run_program(
            asked.argv,
            environ=environment(),
            cwd=str(folder),
            ledger=ledger,
            deadline_s=deadline_s,
            stdin=stdin,
            most=most,
        )
    )
    assert ledger.did().started == (asked.argv,)
    assert alive(folder) == []
    return ran


def test_it_reads_and_prints(tmp_path: Path) -> None:
    ran = run(tmp_path, "print(sys.stdin.read().upper()); print('a\\x1bb', file=sys.stderr); sys.exit(3)", stdin="x\ny")
    assert (ran.stdout, ran.exit_code, ran.worked) == (b"X\nY\n", 3, False)
    assert ran.said == "a\\x1bb\n"
    assert ran.how == "it ended with code 3"


def test_its_input_ends_without_any(tmp_path: Path) -> None:
    assert run(tmp_path, "print(len(sys.stdin.read()))").worked


@pytest.mark.parametrize("body", [FOREVER, pytest.param(DEAF, marks=posix), pytest.param(GRANDCHILD, marks=posix)])
def test_it_never_ends(tmp_path: Path, body: str) -> None:
    ran = run(tmp_path, body, deadline_s=1.5)
    assert ran.timed_out
    assert ran.exit_code is None


def test_it_prints_for_ever(tmp_path: Path) -> None:
    ran = run(tmp_path, "while True: sys.stdout.write('x' * 65536)", most=1 << 16)
    assert ran.flooded
    assert len(ran.stdout) == 1 << 16


def test_it_complains_for_ever(tmp_path: Path) -> None:
    ran = run(tmp_path, "while True: sys.stderr.write('x' * 65536)", deadline_s=1.5)
    assert ran.timed_out
    assert len(ran.stderr) <= 64 * 1024


def test_it_cannot_be_started(tmp_path: Path) -> None:
    asked = run_program([str(tmp_path / "none")], environ={}, cwd=None, ledger=Ledger(), deadline_s=5)
    assert asyncio.run(asked).start_error


def test_cancelled(tmp_path: Path) -> None:
    async def main() -> None:
        asked = command(tmp_path, f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\nnote_pid()\n{FOREVER}")
        task = asyncio.ensure_future(
            run_program(asked.argv, environ=environment(), cwd=None, ledger=Ledger(), deadline_s=60)
        )
        await until_noted(tmp_path, 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert alive(tmp_path) == []

    asyncio.run(main())
