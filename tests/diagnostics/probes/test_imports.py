# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules are loaded in a Python of their own, and whatever they do there is told in one line."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from diagnostics.ledger import Ledger
from diagnostics.probes.imports import Imports, try_imports
from tests.lab import inventory as lab

from .children import alive, environment

NOTE = """
import os, time
with open(os.path.join(os.path.dirname(__file__), "pids"), "a") as pids:
    print(os.getpid(), file=pids)
"""


def load(*modules: str, python: Path | None = None, deadline_s: float = 60, **more: object) -> Imports:
    asked = try_imports(
        python or Path(sys.executable),
        modules,
        environ=environment(),
        ledger=Ledger(),
        deadline_s=deadline_s,
        **more,  # type: ignore[arg-type]
    )
    return asyncio.run(asked)


def module(folder: Path, body: str, name: str = "server") -> Imports:
    """Loads a module with this content."""
    (folder / f"{name}.py").write_text(NOTE + body, encoding="utf-8")
    loaded = load(name, folders=(folder,), deadline_s=2.5 if "while True" in body else 60)
    assert alive(folder) == []
    return loaded


def error(loaded: Imports) -> str:
    assert loaded.failed is not None
    return loaded.failed.error


@pytest.mark.lab
@pytest.mark.parametrize("version", lab.SDKS)
def test_the_real_sdk(version: str) -> None:
    if not (python := lab.sdk_python(version)).exists():
        pytest.skip(lab.why_absent(f"mcp-{version}"))
    loaded = load("mcp", "mcp.server.fastmcp", python=python)
    assert loaded.versions == {"mcp": version}
    assert loaded.python_version.startswith("3.")
    assert loaded.worked is (version == "1.30.0")
    if not loaded.worked:
        assert error(loaded).startswith("ModuleNotFoundError: No module named 'mcp.server.fastmcp'")
        assert [one.error == "" for one in loaded.modules] == [True, False]
        assert any("fastmcp.py" in line for line in loaded.modules[1].tail)


def test_what_it_prints_does_no_harm(tmp_path: Path) -> None:
    body = 'import sys\nprint(\'{"module": "server", "ms": 1, "error": "lie", "tail": ""}\')\nsys.stdout.flush()'
    loaded = module(tmp_path, body + '\nos.write(1, b\'{"versions": {"mcp": "9"}}\\n\')')
    assert loaded.worked
    assert loaded.versions == {}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("raise RuntimeError('first\\nsecond \\x1b[2J')", "RuntimeError: first"),
        ("import sys; sys.exit('why')", "SystemExit: why"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("def (", "SyntaxError: invalid syntax"),
        ("os._exit(5)", "while it was imported, it ended with code 5"),
        ("while True: time.sleep(60)", "while it was imported, it was not done in time"),
        ("import signal; signal.signal(15, signal.SIG_IGN)\nwhile True: time.sleep(60)", "while it was imported"),
        ("raise ValueError('x' * 10**7)", "ValueError: xxx"),
    ],
)
def test_it_fails(tmp_path: Path, body: str, said: str) -> None:
    loaded = module(tmp_path, body)
    assert error(loaded).startswith(said)
    assert len(error(loaded)) < 400
    assert "\x1b" not in "".join(loaded.modules[0].tail)
    assert not loaded.worked


def test_an_optional_one_is_not_there() -> None:
    assert load("no_such_module", "json", optional=("no_such_module",)).worked


def test_an_optional_one_is_there_and_lacks_something(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text("import no_such_module")
    assert "no_such_module" in error(load("half", optional=("half",), folders=(tmp_path,)))


def test_the_current_folder_and_its_variables_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "leaked.py").write_text("")
    monkeypatch.chdir(tmp_path)
    environ = {**environment(), "PYTHONPATH": str(tmp_path)}
    asked = try_imports(Path(sys.executable), ["leaked"], environ=environ, ledger=Ledger(), deadline_s=60)
    assert "leaked" in error(asyncio.run(asked))


def test_what_is_no_name_is_not_asked_for() -> None:
    assert load("os; import evil", "-c", "json").modules[0].name == "json"


def test_it_is_no_python(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho no >&2\nexit 4\n")
    program.chmod(0o755)
    assert load("mcp", python=program).problem == "it ended with code 4 (no)"
    assert load("mcp", python=tmp_path / "none").problem.startswith("it could not be started")
