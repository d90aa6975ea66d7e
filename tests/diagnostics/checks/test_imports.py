# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that dies without a word is loaded in its own Python, which says why; a healthy one is not."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from diagnostics.model import Report, Verdict
from tests.lab import inventory as lab

from ..probes.children import PRELUDE
from ..runs import Doctor, found, ids, said

LINKS = ["client", "launcher", "server"]
QUIET = """
import os
try:
    from {module} import {name}
except ImportError:
    if __name__ == "__main__":
        os._exit(1)
    raise
{then}
"""


def sdk(version: str) -> Path:
    python = lab.sdk_python(version)
    if not python.exists():
        pytest.skip(lab.why_absent(f"mcp-{version}"))
    return python


def start(doctor: Doctor, python: Path, code: str, **target: object) -> Report:
    """A run with an entry that starts this module, which Python finds by its variable."""
    (doctor.home / "blender_quiet.py").write_text(code, encoding="utf-8")
    env = {"PYTHONPATH": str(doctor.home)}
    doctor.configure({"command": str(python), "args": ["-m", "blender_quiet"], "env": env})
    report = doctor.run(**{"launch": True, "only": LINKS, "deadline": 60, **target})
    assert psutil.Process().children(recursive=True) == []
    return report


def loads(report: Report) -> bool:
    return any("-I" in argv for argv in report.did.started)


@pytest.mark.lab
def test_the_sdk_is_too_new(doctor: Doctor) -> None:
    code = QUIET.format(module="mcp.server.fastmcp", name="FastMCP", then="")
    report = start(doctor, sdk("2.3.0"), code)
    assert report.root_cause == "server.sdk-incompatible"
    assert found(report, "server.exits-at-start").explained_by == "server.sdk-incompatible"
    told = found(report, "server.sdk-incompatible")
    assert told.evidence["loaded"] == ("mcp 2.3.0",)
    assert "cannot load it" in told.detail
    assert "mcp<2" in said(told)


def test_the_sdk_is_missing(doctor: Doctor) -> None:
    code = QUIET.format(module="mcp.no_such_part", name="Server", then="")
    report = start(doctor, Path(sys.executable), code)
    assert report.root_cause == "server.sdk-missing"
    assert ids(report).count("server.sdk-missing") == 1


@pytest.mark.lab
def test_it_fails_for_a_reason_of_its_own(doctor: Doctor) -> None:
    code = QUIET.format(module="blender_quiet_other", name="nothing", then="")
    report = start(doctor, sdk("1.30.0"), code)
    assert report.root_cause == "server.exits-at-start"
    lines = next(check.transcript for check in report.checks if check.id == "server.imports")
    assert any("No module named 'blender_quiet_other'" in line for line in lines)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("pins", "cause"),
    [([], None), (["mcp<2"], None), (["mcp<1.30"], "server.pin-violated"), (["mcp>=2"], "server.pin-violated")],
)
def test_a_healthy_server_is_loaded_only_for_pins(doctor: Doctor, pins: list[str], cause: str | None) -> None:
    report = start(doctor, sdk("1.30.0"), PRELUDE + "if __name__ == '__main__': serve()", pins=pins)
    assert report.root_cause == cause
    assert loads(report) is bool(pins)


def test_nothing_is_loaded_without_permission(doctor: Doctor) -> None:
    report = start(doctor, Path(sys.executable), PRELUDE + "sys.exit(1)", launch=False, pins=["mcp<2"], isolate=True)
    assert report.did.started == ()
    assert report.did.written == ()
    assert report.verdict is not Verdict.PASS
