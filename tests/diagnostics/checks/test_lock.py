# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain against the lock file. The servers are scripts that play one, so no environment is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics import checks, exit_code
from diagnostics.check import Check, Context, Outcome
from diagnostics.checks.entries import Entry
from diagnostics.checks.sdk import EnvironmentSeen
from diagnostics.lock import render
from diagnostics.model import Link, Lock, Report, Verdict, WorkingSet
from diagnostics.probes.environment import Environment, Package

from ..peers import Peer, addon, listening
from ..probes.children import PRELUDE
from ..runs import Doctor, blender, bridge, found, ids, row, said

SERVES = "GOOD['serverInfo'] = {'name': 'BlenderMCP', 'version': '1.30.0'}\nserve()"
PLAYS_UVX = PRELUDE + "if '--version' in sys.argv:\n    print('uvx 0.13.9 (somewhere)')\n    sys.exit(0)\n" + SERVES
KNOWN = {"mcp_version": "2025-11-25", "sdk_package": "mcp", "sdk_version": "1.30.0", "addon_version": "1.8"}


@pytest.fixture
def peer() -> Iterator[Peer]:
    with listening(addon()) as here:
        yield here


def entry(doctor: Doctor, port: int, *args: str) -> None:
    program = doctor.script("uvx", PLAYS_UVX)
    env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(port)}
    doctor.configure({"command": str(program), "args": [*args, "mcp-for-blender==2.2.4"], "env": env})


def lock_file(doctor: Doctor, **fields: object) -> Path:
    file = doctor.home / "mcp-diagnostics.lock"
    file.write_bytes(render(Lock(file, "2025-11-03", WorkingSet(**KNOWN | fields))))  # type: ignore[arg-type]
    return file


def compared(doctor: Doctor, peer: Peer, fields: dict[str, object], **target: object) -> Report:
    entry(doctor, peer.port)
    return doctor.run(launch=True, lock=lock_file(doctor, **fields), **target)


def check(report: Report) -> Verdict:
    return next(check.verdict for check in report.checks if check.id == "server.lock")


def test_nothing_is_compared_without_a_lock(doctor: Doctor, peer: Peer) -> None:
    entry(doctor, peer.port)
    report = doctor.run(launch=True)
    assert check(report) is Verdict.SKIPPED
    assert report.did.started == (("~/uvx", "mcp-for-blender==2.2.4"),)
    assert report.working.uv_version == ""


def test_all_is_as_it_was(doctor: Doctor, peer: Peer) -> None:
    fields = {
        "server_package": "mcp-for-blender",
        "server_version": "2.2.4",
        "uv_version": "0.13.9",
        "addon_product": "mcp-for-blender",
        "addon_protocol": "15",
        "host": "localhost",
        "port": str(peer.port),
    }
    report = compared(doctor, peer, fields)
    assert (check(report), report.verdict, report.findings) == (Verdict.PASS, Verdict.PASS, ())
    assert "~/mcp-diagnostics.lock" in report.did.read
    assert ("~/uvx", "--version") in report.did.started


@pytest.mark.parametrize(("locked", "verdict"), [(False, Verdict.WARN), (True, Verdict.FAIL)])
def test_a_difference(doctor: Doctor, peer: Peer, locked: bool, verdict: Verdict) -> None:
    report = compared(doctor, peer, {"sdk_version": "1.29.0", "addon_version": "1.7"}, locked=locked)
    drift = found(report, "server.lock-drift")
    assert (drift.verdict, check(report), report.verdict) == (verdict, verdict, verdict)
    assert drift.evidence["differences"] == ("mcp 1.29.0 → 1.30.0", "add-on's version 1.7 → 1.8")
    assert "Since 3 November 2025, when" in drift.detail
    texts = [remedy.text for remedy in drift.remedies]
    assert '"args": ["--with", "mcp==1.29.0", "mcp-for-blender==2.2.4"]' in texts
    assert texts[-1] == "mcp-diagnostics lock write --launch --lock ~/mcp-diagnostics.lock"
    assert report.root_cause == ("server.lock-drift" if locked else None)


def test_the_recorded_server_is_named_where_the_entry_names_another(doctor: Doctor, peer: Peer) -> None:
    fields = {"server_package": "mcp-for-blender", "server_version": "2.2.3", "addon_protocol": "13"}
    drift = found(compared(doctor, peer, fields), "server.lock-drift")
    texts = [remedy.text for remedy in drift.remedies]
    assert '"args": ["mcp-for-blender==2.2.3"]' in texts
    assert "uvx mcp-for-blender@2.2.3 install-addon" in texts


def test_what_this_run_did_not_learn_is_no_pass(doctor: Doctor, peer: Peer) -> None:
    report = compared(doctor, peer, {"python_version": "3.11.9", "addon_sha256": "a" * 64})
    assert (check(report), report.verdict, exit_code(report)) == (Verdict.UNKNOWN, Verdict.UNKNOWN, 3)
    unknown = found(report, "server.lock-unknown")
    assert unknown.evidence["unlearnt"] == ("Python", "SHA-256 of the add-on's file")
    assert "known inside Blender only" in unknown.detail
    assert row(report, "server").summary == "Not everything in the lock file could be compared"


def test_a_difference_and_what_was_not_learnt(doctor: Doctor, peer: Peer) -> None:
    fields = {"python_version": "3.11.9", "sdk_version": "1.0.0"}
    report = compared(doctor, peer, fields)
    assert set(ids(report)) == {"server.lock-drift", "server.lock-unknown"}
    assert report.verdict is Verdict.UNKNOWN
    assert compared(doctor, peer, fields, locked=True).verdict is Verdict.FAIL


def test_a_server_that_was_not_started(doctor: Doctor, peer: Peer) -> None:
    entry(doctor, peer.port)
    report = doctor.run(lock=lock_file(doctor))
    assert "was not started" in said(found(report, "server.lock-unknown"))
    assert report.did.started == ()


def test_the_file_of_the_add_on(doctor: Doctor, peer: Peer, tmp_path: Path) -> None:
    file = tmp_path / "addon.py"
    file.write_bytes(b"bl_info = {}\n")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    doctor.snapshot = blender(bridge(running=True, host="127.0.0.1", port=peer.port, file=file))
    assert compared(doctor, peer, {"addon_sha256": digest}).verdict is Verdict.PASS
    file.write_bytes(b"bl_info = {'edited': True}\n")
    drift = found(compared(doctor, peer, {"addon_sha256": digest}), "server.lock-drift")
    assert str(drift.evidence["differences"]).startswith("(\"SHA-256 of the add-on's file")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The packages that the server's environment has, as far as the checks see."""
    installed = {"mcp": "1.30.0", "mcp-for-blender": "2.2.4", "httpx": "0.28.1"}

    async def look(context: Context) -> Outcome:
        packages = {name: Package(name, version) for name, version in installed.items()}
        kind, python = (
            ("virtual environment", Path("/somewhere/bin/python")) if "in-a-venv" in installed else ("uvx", None)
        )
        place = Environment(kind, Path("/somewhere"), python, "3.11.9", packages)
        entries = context.all_observed(Entry)
        return Outcome(
            Verdict.SKIPPED,
            observations=tuple(EnvironmentSeen(one, place, sure="unsure" not in installed) for one in entries),
        )

    seen = Check("server.environment", Link.SERVER, "", look, after=("client.configuration",))
    monkeypatch.setattr(checks, "CHECKS", (*(one for one in checks.CHECKS if one.id != seen.id), seen))
    return installed


def test_the_packages_of_the_environment(doctor: Doctor, peer: Peer, environment: dict[str, str]) -> None:
    fields = {"platform": "linux", "python_version": "3.11.9", "packages": dict(environment)}
    report = compared(doctor, peer, fields)
    assert report.verdict is Verdict.PASS
    assert report.working.packages == environment
    environment |= {"httpx": "0.29.0", "mcp": "2.3.0"}
    del environment["mcp-for-blender"]
    drift = found(compared(doctor, peer, fields), "server.lock-drift")
    changes = ("mcp 1.30.0 → 2.3.0", "httpx 0.28.1 → 0.29.0")
    assert drift.evidence["differences"] == changes
    pinned = next(remedy.text for remedy in drift.remedies if remedy.text.startswith('"args"'))
    args = json.loads(pinned.partition(": ")[2])
    assert args == ["--with", "mcp==1.30.0", "--with", "httpx==0.28.1", "mcp-for-blender==2.2.4"]


def test_the_requirements_beside_the_lock(doctor: Doctor, peer: Peer, environment: dict[str, str]) -> None:
    environment["in-a-venv"] = "1"
    (doctor.home / "mcp-diagnostics.requirements.txt").write_text("")
    drift = found(compared(doctor, peer, {"sdk_version": "1.29.0"}), "server.lock-drift")
    assert "uv pip sync --require-hashes --python /somewhere/bin/python ~/mcp-diagnostics.requirements.txt" in [
        remedy.text for remedy in drift.remedies
    ]


def test_what_is_broken_is_told_and_not_what_follows(doctor: Doctor, peer: Peer) -> None:
    entry(doctor, peer.port)
    program = doctor.script("uvx", PRELUDE + "sys.exit(1)")
    assert program.exists()
    report = doctor.run(launch=True, lock=lock_file(doctor))
    assert ids(report) == ["server.exits-at-start"]
    assert check(report) is Verdict.UNKNOWN


def test_an_environment_that_the_server_does_not_use(doctor: Doctor, peer: Peer, environment: dict[str, str]) -> None:
    environment |= {"mcp": "1.29.0", "unsure": "1"}
    report = compared(doctor, peer, {})
    assert (report.working.sdk_version, report.working.packages, report.working.python_version) == ("1.30.0", {}, "")
    assert report.verdict is Verdict.PASS


def test_a_lock_without_an_app(doctor: Doctor, peer: Peer) -> None:
    report = doctor.run(host="127.0.0.1", port=peer.port, lock=lock_file(doctor, sdk_version="", sdk_package=""))
    assert found(report, "server.lock-unknown").evidence["unlearnt"] == ("MCP",)
