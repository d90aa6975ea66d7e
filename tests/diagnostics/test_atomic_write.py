# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever ends a write, what stands there is whole: the old or the new."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import diagnostics
from diagnostics.atomic_write import atomic_write

from .runs import names_in

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions, links, pipes and signals")


def test_a_new_file_and_an_old_one(tmp_path: Path) -> None:
    file = tmp_path / "a"
    atomic_write(file, b"one")
    atomic_write(file, b"two")
    assert file.read_bytes() == b"two"
    assert names_in(tmp_path) == ["a"]


@posix
def test_permissions_stay(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"one")
    file.chmod(0o640)
    atomic_write(file, b"two")
    assert file.stat().st_mode & 0o777 == 0o640


@posix
def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "real", tmp_path / "link"
    target.write_bytes(b"one")
    link.symlink_to(target)
    atomic_write(link, b"two")
    assert link.is_symlink()
    assert target.read_bytes() == b"two"
    assert names_in(tmp_path / "elsewhere") == ["real"]


@posix
def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    before = names_in(tmp_path)
    for name in before:
        with pytest.raises(OSError, match=r"."):
            atomic_write(tmp_path / name, b"two")
    with pytest.raises(OSError, match=r"."):
        atomic_write(tmp_path / "nowhere" / "a", b"two")
    assert names_in(tmp_path) == before


def test_a_file_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"one")
    monkeypatch.setattr(os, "access", lambda *_arguments: False)  # as for a user who is not root
    with pytest.raises(PermissionError):
        atomic_write(file, b"two")
    assert file.read_bytes() == b"one"


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_step_that_fails(tmp_path: Path, step: str, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object) -> None:
        raise error

    file = tmp_path / "a"
    file.write_bytes(b"one")
    monkeypatch.setattr(os, step, fails)
    with pytest.raises(type(error)):
        atomic_write(file, b"two")
    monkeypatch.undo()
    assert file.read_bytes() == b"one"
    assert names_in(tmp_path) == ["a"]


@posix
def test_killed_at_any_moment(tmp_path: Path) -> None:
    file, size = tmp_path / "a", 200_000
    file.write_bytes(b"0" * size)
    code = (
        "import itertools, sys, pathlib\n"
        "from diagnostics.atomic_write import atomic_write\n"
        "print('ready', flush=True)\n"
        f"for n in itertools.count(): atomic_write(pathlib.Path(sys.argv[1]), b'%d' % (n % 10) * {size})"
    )
    argv = [sys.executable, "-c", code, str(file)]
    for number in range(8):
        with subprocess.Popen(argv, cwd=Path(diagnostics.__file__).parents[1], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.003 * number)
            process.kill()
        content = file.read_bytes()
        assert len(content) == size
        assert len(set(content)) == 1
