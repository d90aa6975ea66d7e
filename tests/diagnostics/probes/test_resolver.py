# SPDX-License-Identifier: GPL-3.0-or-later
"""uv and pip are asked for hashes, and nothing is installed. The real uv answers from the laboratory's cache."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from diagnostics.ledger import Ledger
from diagnostics.probes.resolver import Resolved, with_hashes
from tests.lab import inventory, real_server


def resolve(*pins: str, environ: dict[str, str] | None = None, **options: object) -> tuple[Resolved, Ledger]:
    ledger = Ledger()
    usual: dict[str, object] = {"whole": True, "python_version": "", "uv": None, "python": None}
    asked = with_hashes(pins, **usual | options, environ=environ or dict(os.environ), ledger=ledger)  # type: ignore[arg-type]
    return asyncio.run(asked), ledger


@pytest.fixture
def uv() -> Path:
    program = inventory.tools() / "uv"
    if not program.exists() or not inventory.uv_cache().exists():
        pytest.skip(inventory.why_absent("uv"))
    return program


def offline() -> dict[str, str]:
    return {**os.environ, **real_server.uv_settings(), "UV_OFFLINE": "1"}


@pytest.fixture
def environment() -> tuple[str, list[str]]:
    """The Python and the packages of the real server that is installed in the laboratory, the packages as pins."""
    root = inventory.installed_server(inventory.SUITES[0]).parents[1] / "tools" / "mcp-for-blender" / "lib"
    site = next(iter(sorted(root.glob("python3*/site-packages"))), None)
    if site is None:
        pytest.skip(inventory.why_absent("the installed server"))
    found = distributions(path=[str(site)])
    return site.parent.name.removeprefix("python"), sorted(f"{one.metadata['Name']}=={one.version}" for one in found)


@pytest.mark.parametrize("whole", [True, False])
def test_the_real_uv(uv: Path, environment: tuple[str, list[str]], whole: bool, tmp_path: Path) -> None:
    version, installed = environment
    pins = installed if whole else [inventory.ADDON_REQUIREMENT]
    found, ledger = resolve(*pins, uv=uv, whole=whole, python_version=version, environ=offline())
    assert found.problem == ""
    assert (found.resolver, found.count) == ("uv", len(installed))
    assert f"{inventory.ADDON_REQUIREMENT} \\\n    --hash=sha256:" in found.text
    assert all("--offline" in argv for argv in ledger.did().started)
    file, into = tmp_path / "requirements.txt", tmp_path / "into"
    argv = [uv, "pip", "install", "--dry-run", "--offline", "--require-hashes", "--python-version", version]
    argv += ["--target", into, "-r", file]
    file.write_text(found.text, encoding="utf-8")
    ended = subprocess.run(argv, env=offline(), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert f"Would install {found.count} packages" in ended.stderr
    file.write_text(found.text.replace("sha256:", "md5:", 1), encoding="utf-8")
    assert subprocess.run(argv, env=offline(), capture_output=True, check=False).returncode != 0


def test_a_version_that_does_not_exist(uv: Path) -> None:
    found, ledger = resolve("mcp==0.0.1", uv=uv, environ=offline())
    assert (found.text, found.count) == ("", 0)
    assert found.problem.startswith("uv: ")
    assert len(found.problem.splitlines()) == 1
    assert len(ledger.did().started) == 2, "without a network first, and then with one"


def script(folder: Path, name: str, body: str) -> Path:
    program = folder / name
    program.write_text(f"#!{sys.executable} -S\nimport json, os, sys, time\n{body}", encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    "body",
    ["", "sys.exit(2)", "print('# nothing')", "sys.stderr.write('\\x1b[31mno\\x1b[0m\\nsolution\\n'); sys.exit(1)"],
)
def test_a_uv_that_gives_nothing(tmp_path: Path, body: str) -> None:
    found, _ledger = resolve("mcp==1", uv=script(tmp_path, "uv", body))
    assert found.text == ""
    assert found.problem.startswith("uv: ")
    assert "\x1b" not in found.problem


def test_a_uv_that_cannot_be_started(tmp_path: Path) -> None:
    found, _ledger = resolve("mcp==1", uv=tmp_path / "uv")
    assert "No such file" in found.problem


def test_uv_is_told_what_it_needs(tmp_path: Path) -> None:
    body = "sys.stderr.write(open(sys.argv[-1]).read().replace('\\n', ' ') + ' '.join(sys.argv)); sys.exit(1)"
    found, _ledger = resolve("a==1", "b==2", uv=script(tmp_path, "uv", body), python_version="3.11.9")
    assert found.problem.startswith("uv: a==1 b==2 ")
    for word in ("--no-deps", "--generate-hashes", "--python-version 3.11.9"):
        assert word in found.problem


@pytest.mark.parametrize(
    "printed",
    ["", "[]", '{"install": [{}]}', '{"install": [{"metadata": {"name": "a", "version": "1"}, "download_info": []}]}'],
)
def test_a_pip_that_tells_no_hashes(tmp_path: Path, printed: str) -> None:
    found, _ledger = resolve("a==1", python=script(tmp_path, "python3", f"print({printed!r})"))
    assert (found.text, found.problem) == ("", "pip did not tell the hashes; a newer pip does")


def test_nobody_to_ask() -> None:
    assert resolve("a==1")[0].problem == "neither uv nor a Python with pip was found"


def test_the_real_pip(tmp_path: Path) -> None:
    places = (Path(sys.base_prefix) / "bin" / "python3", Path("/usr/bin/python3"))
    python = next((place for place in places if _has_pip(place)), None)
    if python is None:
        pytest.skip("no Python with pip is here")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    digests = {name: wheel(wheels, name) for name in ("alpha", "beta_x")}
    environ = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    found, _ledger = resolve("beta-x==1.0", "alpha==1.0", python=python, environ=environ)
    assert found.problem == ""
    assert (found.resolver, found.count) == ("pip", 2)
    expected = [("alpha", digests["alpha"]), ("beta-x", digests["beta_x"])]
    assert found.text == "".join(f"{name}==1.0 \\\n    --hash=sha256:{digest}\n" for name, digest in expected)
    assert resolve("gamma==1.0", python=python, environ=environ)[0].problem.startswith("pip: ")


def _has_pip(python: Path) -> bool:
    argv = [python, "-m", "pip", "--version"]
    return python.exists() and subprocess.run(argv, capture_output=True, check=False).returncode == 0


def wheel(folder: Path, name: str) -> str:
    """A wheel with nothing in it; its SHA-256."""
    info = f"{name}-1.0.dist-info"
    file = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        made.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(file.read_bytes()).hexdigest()
