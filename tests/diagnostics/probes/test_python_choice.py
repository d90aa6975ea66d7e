# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python a program stands for. The lookup of a shim is compared with the real pyenv where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diagnostics.ledger import Ledger
from diagnostics.probes.python_choice import PythonChoice, Shim, python_choice

PYENV = Shim("pyenv", (".pyenv/shims",), "PYENV_VERSION", (".python-version",), ("version",))
ROOT = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")


def choice(program: Path, *, cwd: Path | None = None, home: Path = Path("/nowhere"), **environ: str) -> str | None:
    found = python_choice(program, [PYENV], Ledger(), cwd=str(cwd) if cwd else None, environ=environ, home=home)
    return found.version if found else None


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    program = tmp_path / ".pyenv/shims/python"
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    (tmp_path / ".pyenv").mkdir()
    assert choice(program, cwd=inner) is None
    (tmp_path / ".pyenv/version").write_text("# comment\n3.12.1\n3.9.18\n")
    assert choice(program, cwd=inner) == "3.12.1"
    (tmp_path / ".python-version").write_text("3.11\n")
    assert choice(program, cwd=inner) == "3.11"
    (inner / ".python-version").write_text("3.10.4\n")
    assert choice(program, cwd=inner) == "3.10.4"
    assert choice(program) == "3.12.1"
    assert choice(program, cwd=inner, PYENV_VERSION="3.9.18:3.12.1") == "3.9.18"


@pytest.mark.parametrize("content", ["system\n", "", "\xff\x00", "my-environment\n", "3\n"])
def test_a_file_that_names_no_version(tmp_path: Path, content: str) -> None:
    (tmp_path / ".pyenv").mkdir()
    (tmp_path / ".pyenv/version").write_text(content, encoding="latin-1")
    assert choice(tmp_path / ".pyenv/shims/python") is None


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / ".pyenv").mkdir()
    os.mkfifo(tmp_path / ".pyenv/version")
    assert choice(tmp_path / ".pyenv/shims/python", cwd=tmp_path) is None


@pytest.mark.skipif(sys.platform == "win32", reason="names of POSIX")
def test_a_program_by_its_name(tmp_path: Path) -> None:
    real = tmp_path / "python3.9"
    real.write_text("")
    (tmp_path / "python").symlink_to(real)
    assert choice(tmp_path / "python") == "3.9"
    (tmp_path / "other").write_text("")
    assert choice(tmp_path / "other") is None


def test_the_python_that_runs_this() -> None:
    found = python_choice(Path(sys.executable), [], Ledger(), cwd=None, environ={}, home=Path.home())
    assert isinstance(found, PythonChoice)
    assert found.version.startswith(f"{sys.version_info[0]}.{sys.version_info[1]}")


@pytest.mark.skipif(
    not (ROOT / "shims/python").exists() or shutil.which("pyenv", path=ROOT / "bin") is None, reason="there is no pyenv"
)
@pytest.mark.parametrize("version", [path.name for path in sorted(ROOT.glob("versions/3.*"))][:3])
def test_the_real_pyenv_agrees(tmp_path: Path, version: str) -> None:
    (tmp_path / ".python-version").write_text(f"{version}\n")
    # A shim tells those that it starts where it was called, and that is no business of theirs.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYENV_")}
    environ["PYENV_ROOT"] = str(ROOT)
    environ["PATH"] = f"{ROOT / 'bin'}:/usr/bin:/bin"
    ran = subprocess.run(
        [ROOT / "shims/python", "-c", "import platform; print(platform.python_version())"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.strip() == choice(ROOT / "shims/python", cwd=tmp_path) == version
