# SPDX-License-Identifier: GPL-3.0-or-later
"""Python environments as they are on disk: read as Python itself reads them, and whatever is broken in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from diagnostics.ledger import Ledger
from diagnostics.probes.environment import Environment, read_virtual_environment

from ..environments import site_packages, virtual_environment, wheel

LIST = (
    "import importlib.metadata as m, json\n"
    "print(json.dumps({d.name: [d.version, d.requires] for d in m.distributions()}))"
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the folders are those of POSIX")


def read(root: Path, *closely: str) -> Environment:
    return read_virtual_environment(root, "virtual environment", Ledger(), closely)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    wheels = [wheel(tmp_path, "some-thing", "1.0", "other>1"), wheel(tmp_path, "other", "2.0")]
    virtual_environment(tmp_path / "env", wheels)
    return tmp_path / "env"


@pytest.mark.parametrize("sdk", ["1.30.0", "2.3.0"])
def test_it_sees_what_python_sees(tmp_path: Path, sdk: str) -> None:
    python = virtual_environment(tmp_path / "env", sdk=sdk)
    known = json.loads(subprocess.run([python, "-I", "-c", LIST], capture_output=True, check=True).stdout)
    seen = read(tmp_path / "env", "mcp")
    assert {p.name: p.version for p in seen.packages.values()} == {
        name.lower().replace("_", "-").replace(".", "-"): version for name, (version, _requires) in known.items()
    }
    assert seen.packages["mcp"].requires == tuple(known["mcp"][1])
    assert seen.packages["mcp"].damage == ""
    assert seen.python_version == f"3.11.{subprocess_version(python)}"
    assert (seen.python, seen.complete) == (python, True)


def subprocess_version(python: Path) -> str:
    code = "import sys; print(sys.version_info.micro)"
    return subprocess.run([python, "-I", "-c", code], capture_output=True, check=True, text=True).stdout.strip()


def test_a_whole_one(root: Path) -> None:
    seen = read(root, "some-thing")
    assert seen.packages["some-thing"].requires == ("other>1",)
    assert seen.packages["some-thing"].damage == ""


def test_what_is_broken_is_told(root: Path) -> None:
    site = site_packages(root)
    (site / "some_thing" / "__init__.py").unlink()
    (site / "other-2.0.dist-info" / "RECORD").unlink()
    (site / "half-3.0.dist-info").mkdir()
    (site / "~ther-1.0.dist-info").mkdir()
    (site / "~one-1.0.dist-info").mkdir()
    (site / "~one-1.0.dist-info" / "METADATA").write_text("Name: gone\nVersion: 1.0\n")
    seen = read(root, "some-thing", "other").packages
    assert seen["some-thing"].damage == "1 of its 1 files are missing, such as some_thing/__init__.py"
    assert "RECORD" in seen["other"].damage
    assert seen["other"].version == "2.0"
    assert (seen["half"].version, seen["half"].damage) == ("3.0", "half-3.0.dist-info has no METADATA")
    assert "remains of a removal" in seen["gone"].damage


def test_what_cannot_be_read_keeps_nobody_waiting(root: Path) -> None:
    site = site_packages(root)
    info = site / "other-2.0.dist-info"
    (info / "METADATA").unlink()
    os.mkfifo(info / "METADATA")
    (site / "loop.dist-info").symlink_to("loop.dist-info")
    (site / "file-1.dist-info").write_text("no folder")
    (site / "noise-1.0.dist-info").mkdir()
    (site / "noise-1.0.dist-info" / "METADATA").write_bytes(os.urandom(100_000))
    (site / "strange.pth").write_bytes(b"\xff\xfe\0\n\0\n" + b"x" * 100_000)
    assert read(root, "other", "noise").packages["other"].damage == "other-2.0.dist-info has no METADATA"


def test_an_old_egg(root: Path) -> None:
    info = site_packages(root) / "older-0.9-py3.11.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: older\nVersion: 0.9\n")
    (info / "requires.txt").write_text("mcp<2\n")
    assert read(root).packages["older"].requires == ("mcp<2",)


@pytest.mark.parametrize(
    ("line", "complete"), [("import _virtualenv", True), ("import __editable___x_finder; x.install()", False)]
)
def test_code_that_may_find_more_modules(root: Path, line: str, *, complete: bool) -> None:
    (site_packages(root) / "a.pth").write_text(f"# a comment\n{line}\n")
    assert read(root).complete is complete


def test_folders_that_are_added(root: Path) -> None:
    (root / "src").mkdir()
    (site_packages(root) / "a.pth").write_text(f"{root}/src\n/nowhere\n")
    assert read(root).folders == (site_packages(root), root / "src")


def test_nothing_there(tmp_path: Path) -> None:
    seen = read(tmp_path / "nowhere")
    assert (seen.python, seen.python_version, dict(seen.packages)) == (None, "", {})
