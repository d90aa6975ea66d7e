# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs on a machine full of secrets: none reaches a report in any form, a file, the console, or a clipboard."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from diagnostics.model import Report, Verdict
from diagnostics.reports import FORMATS, render

from . import planted
from .peers import addon, greets, listening
from .planted import COMPUTER, USER, Secrets
from .probes.children import PRELUDE
from .runs import Doctor, ids

ROOT = Path(__file__).parents[2]


@pytest.fixture
def secret() -> Secrets:
    return Secrets()


@pytest.fixture
def told(tmp_path: Path) -> Doctor:
    """The doctor of a user whose home has the user's name."""
    home = tmp_path / USER
    home.mkdir()
    return Doctor(home)


def names_told(shown: str) -> list[str]:
    """The names of the user and of the computer that can be read."""
    return re.findall(f"(?i){USER}|{COMPUTER}", shown)


def test_there_are_many_kinds_and_each_can_be_told_apart(told: Doctor, secret: Secrets) -> None:
    planted.furnish(told, secret)
    assert len(secret.cores) >= 40
    assert all(kind in secret.leaked(f"({core})") for kind, core in secret.cores.items())


@pytest.mark.usefixtures("alone", "impatient")
def test_no_form_of_a_report_tells_a_secret(told: Doctor, secret: Secrets) -> None:
    told.environ |= planted.furnish(told, secret)
    told.node = COMPUTER
    banner = f"HELLO token={secret('peer: token')} sk-{secret('peer: key')}\r\n".encode()
    with listening(greets(banner)) as peer:
        report = told.run(
            host="127.0.0.1",
            port=peer.port,
            launch=True,
            server_config=told.home / "server.env",
            own_folder=told.home / "own",
        )
    assert {"client.config-unparsable", "launcher.not-found", "client.entry-invalid"} <= set(ids(report))
    assert report.did.started, "the server was started and has told what it knows"
    for form in FORMATS:
        shown = render(report, form, verbose=True)
        assert (form, secret.leaked(shown), names_told(shown)) == (form, [], [])
    copied = repr(told.events) + render(report, "text", verbose=True, exact=True) + _exact(report)
    assert secret.leaked(copied) == []
    kept = "".join(file.read_text() for file in (told.home / "own").rglob("*") if file.is_file())
    assert secret.leaked(kept) == []


def _exact(report: Report) -> str:
    return "\n".join(remedy.exact for found in report.findings for remedy in found.remedies)


def test_the_program_itself_tells_none(told: Doctor, secret: Secrets) -> None:
    session = planted.furnish(told, secret)
    environ = session | {
        "HOME": str(told.home),
        "XDG_STATE_HOME": str(told.home / "state"),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
    }
    output = told.home / "report.json"
    certificate = ["--tls", "--client-cert", str(told.home / "client.pem")]
    to_file = ["--format", "json", "--output", str(output), "--server-config", str(told.home / "server.env")]
    banner = f"HELLO token={secret('peer: token')}\r\n".encode()
    with listening(greets(banner)) as peer:
        endpoint = ["--host", "127.0.0.1", "--port", str(peer.port)]
        for argv in (["--launch", *endpoint], [*certificate, *endpoint], ["--launch", *endpoint, *to_file]):
            ran = subprocess.run(
                [sys.executable, "-m", "diagnostics", "run", "--verbose", *argv],
                env=environ,
                capture_output=True,
                text=True,
                cwd=told.home,
                timeout=120,
                check=False,
            )
            shown = ran.stdout + ran.stderr
            assert ran.returncode == 1, shown
            assert (secret.leaked(shown), names_told(shown)) == ([], [])
    for file in (output, *(told.home / "state").rglob("*")):
        if file.is_file():
            assert (secret.leaked(file.read_text()), names_told(file.read_text())) == ([], [])


@pytest.mark.usefixtures("alone", "impatient")
def test_the_record_of_a_good_run_holds_none(told: Doctor, secret: Secrets) -> None:
    server = told.script("uvx", f"{PRELUDE}print({secret('printed')!r}, file=sys.stderr)\nserve()")
    with listening(addon()) as peer:
        env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(peer.port), "SOME": secret("env")}
        args = ["mcp-for-blender", "--token", secret("argument"), f"https://ada:{secret('address')}@example.org"]
        told.configure({"command": str(server), "args": args, "env": env})
        report = told.run(launch=True, own_folder=told.home / "own")
    assert report.verdict is Verdict.PASS
    kept = (told.home / "own" / "last-good.json").read_text()
    assert "mcp-for-blender" in kept
    assert secret.leaked(kept + render(report, "json")) == []


@pytest.mark.usefixtures("alone", "impatient")
def test_values_that_tell_nothing_are_masked_behind_their_names(told: Doctor, secret: Secrets) -> None:
    planted.furnish(told, secret)
    report = told.run(host="127.0.0.1", port=1, launch=True)
    shown = render(report, "json") + render(report, "text", verbose=True)
    assert "P_SHORT=q7Z" not in shown
    assert "P_PIN=4711" not in shown
