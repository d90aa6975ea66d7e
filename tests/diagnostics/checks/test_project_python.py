# SPDX-License-Identifier: GPL-3.0-or-later
"""`uv run` with a Python that the project or the script does not allow; the real uv is the judge of what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from diagnostics.model import Report, Verdict
from tests.lab import inventory as lab

from ..runs import Doctor, found, ids, said

ASKS = ["launcher.consent-needed"]
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
"""The Python that is there for the real uv."""
OTHER = ">=3.10,!=" + HERE + ".*"
PROJECT, PIN = "p/pyproject.toml", "p/.python-version"
SCRIPT = "print('it runs')\n"


def project(needs: str) -> str:
    return f'[project]\nname = "blender-x"\nversion = "1"\nrequires-python = "{needs}"\n'


def script(needs: str) -> str:
    return f'# /// script\n# requires-python = "{needs}"\n# dependencies = []\n# ///\n{SCRIPT}'


@dataclass(frozen=True)
class Case:
    """A line for `uv run`, the files below the home folder, and what comes of it."""

    line: str
    files: dict[str, str]
    verdict: Verdict | None = None
    env: dict[str, str] = field(default_factory=dict)


IN, OUT = project(">=3.9"), project(OTHER)
CASES = {
    "a project that does not allow it": Case(f"--directory p --python {HERE} blender.py", {PROJECT: OUT}, Verdict.FAIL),
    "the project by its option": Case(f"--project p --python={HERE} p/blender.py", {PROJECT: OUT}, Verdict.FAIL),
    "by a short option": Case(f"--project p -p {HERE} p/blender.py", {PROJECT: OUT}, Verdict.FAIL),
    "a folder inside of the project": Case(
        f"--directory p/sub --python {HERE} ../blender.py", {PROJECT: OUT, "p/sub/x": ""}, Verdict.FAIL
    ),
    "a variable": Case("--project p p/blender.py", {PROJECT: OUT}, Verdict.FAIL, {"UV_PYTHON": HERE}),
    "a variable for the project": Case(
        f"--python {HERE} p/blender.py", {PROJECT: OUT}, Verdict.FAIL, {"UV_PROJECT": "p"}
    ),
    "a file beside the project": Case("--project p p/blender.py", {PROJECT: OUT, PIN: f"{HERE}\n"}, Verdict.FAIL),
    "a file with remarks": Case(
        "--directory p blender.py", {PROJECT: OUT, PIN: f"# mine\n\ncpython@{HERE}\n"}, Verdict.FAIL
    ),
    "a script": Case(f"--python {HERE} s/blender.py", {"s/blender.py": script(OTHER)}, Verdict.WARN),
    # Near misses
    "a project that allows it": Case(f"--directory p --python {HERE} blender.py", {PROJECT: IN}),
    "the option counts more than the file": Case(
        f"--project p --python {HERE} p/blender.py", {PROJECT: IN, PIN: "3.9\n"}
    ),
    "the project does not count": Case(f"--no-project --project p --python {HERE} p/blender.py", {PROJECT: OUT}),
    "nor by a variable": Case(
        f"--project p --python {HERE} p/blender.py", {PROJECT: OUT}, None, {"UV_NO_PROJECT": "1"}
    ),
    "a project that asks for nothing": Case(
        f"--project p --python {HERE} p/blender.py", {PROJECT: '[project]\nname = "blender-x"\nversion = "1"\n'}
    ),
    "a script that allows it in a project that does not": Case(
        f"--project p --python {HERE} p/blender.py", {PROJECT: OUT, "p/blender.py": script(">=3.9")}
    ),
    "a file beside a script pins nothing": Case(
        "--directory s blender.py", {"s/blender.py": script(">=3.9"), "s/.python-version": "3.6\n"}
    ),
    "a file above the project": Case("--project p p/blender.py", {PROJECT: IN, ".python-version": "3.6\n"}),
}


def arrange(home: Path, case: Case) -> None:
    for name, text in {"p/blender.py": SCRIPT, "s/blender.py": SCRIPT, **case.files}.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")


def look(doctor: Doctor, case: Case) -> Report:
    arrange(doctor.home, case)
    uv = str(doctor.script(".local/bin/uv", ""))
    doctor.configure({"command": uv, "args": ["run", *case.line.split()], "env": case.env, "cwd": str(doctor.home)})
    return doctor.run(only=["client", "launcher"])


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_before_anything_is_started(doctor: Doctor, name: str) -> None:
    case = CASES[name]
    report = look(doctor, case)
    told = [one for one in report.findings if one.id == "launcher.python-unsuitable"]
    assert [one.verdict for one in told] == ([case.verdict] if case.verdict else [])
    if told:
        assert (told[0].evidence["needs"], told[0].evidence["chosen"]) == (found_needs(told[0].evidence["needs"]), HERE)
        assert "MCP servers need" not in told[0].detail


def found_needs(text: object) -> object:
    """The demand, whichever way round its two parts are written."""
    assert set(str(text).split(",")) == set(OTHER.split(","))
    return text


@pytest.mark.skipif(
    sys.platform != "linux" or not (lab.tools() / "uv").exists(), reason="the laboratory's uv is not there"
)
@pytest.mark.parametrize("name", CASES)
def test_the_real_uv_agrees(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    arrange(tmp_path, case)
    env = {
        "HOME": str(tmp_path),
        "PATH": f"{Path(os.path.realpath(sys.executable)).parent}:/usr/bin:/bin",
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_OFFLINE": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        **case.env,
    }
    said_by_uv = subprocess.run(
        [str(lab.tools() / "uv"), "run", *case.line.split()],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
        check=False,
        timeout=60,
    )
    refused = "is incompatible with the project's Python requirement" in said_by_uv.stderr
    assert refused is (case.verdict is Verdict.FAIL), said_by_uv.stderr
    warned = "is incompatible with the script's Python requirement" in said_by_uv.stderr
    assert warned is (case.verdict is Verdict.WARN), said_by_uv.stderr
    if case.verdict is not Verdict.FAIL:
        assert "it runs" in said_by_uv.stdout, said_by_uv.stderr


def test_the_repair_asks_for_a_python_that_the_project_allows(doctor: Doctor) -> None:
    report = look(doctor, Case("--directory p --python 3.9 blender.py", {PROJECT: project(">=3.12,<3.13")}))
    told = found(report, "launcher.python-unsuitable")
    made = json.loads("{" + told.remedies[0].exact + "}")
    assert made["args"] == ["run", "--directory", "p", "--python", "3.12", "blender.py"]
    assert str(told.evidence["needed_by"]).endswith("p/pyproject.toml")


@pytest.mark.parametrize(
    "text",
    ['requires-python = ">=3.13"', "[project]\nrequires-python = 3.13", '[project]\nrequires-python = "new"', "[proj"],
)
def test_a_project_file_that_says_nothing_of_the_kind(doctor: Doctor, text: str) -> None:
    assert ids(look(doctor, Case("--directory p --python 3.12 blender.py", {PROJECT: text}))) == ASKS


def test_the_files_of_another_system_are_not_read(doctor: Doctor) -> None:
    arrange(doctor.home, Case("", {PROJECT: project(">=3.13")}))
    wsl = str(doctor.script(".local/bin/wsl", ""))
    folder = str(doctor.home / "p")
    doctor.configure({"command": wsl, "args": ["uv", "run", "--directory", folder, "--python", "3.12", "blender.py"]})
    assert ids(doctor.run(only=["client", "launcher"])) == ASKS


def test_a_pipe_in_place_of_the_project_file(doctor: Doctor) -> None:
    (doctor.home / "p").mkdir()
    os.mkfifo(doctor.home / PROJECT)
    assert ids(look(doctor, Case("--directory p --python 3.12 blender.py", {}))) == ASKS


def test_a_script_that_may_work_by_chance_is_said_to(doctor: Doctor) -> None:
    told = found(look(doctor, CASES["a script"]), "launcher.python-unsuitable")
    assert "starts it all the same" in said(told)
