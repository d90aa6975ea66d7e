# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed zip in every Blender: it enables, runs without a window, and goes without a trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.blender.installation import INSIDE, Installed
from tests.diagnostics.peers import addon, listening
from tests.lab import inventory
from tests.lab.headless import Headless, InsideError, any_present, wanted

pytestmark = [pytest.mark.blender, pytest.mark.timeout(300)]

PROGRAMS = [pytest.param(found, id=f"blender-{found[0]}") for found in wanted() if found[0] not in inventory.WHEELS]
"""The Blenders with a command line of their own; a bpy wheel has none."""
WHEELS = [pytest.param(found, id=f"blender-{found[0]}") for found in wanted() if found[0] in inventory.WHEELS]
"""Those that share the network of the tests; the others have one of their own."""
LINKS = ["client", "launcher", "server", "network", "addon", "blender"]


def test_it_installs_and_enables(installed: Installed) -> None:
    assert installed.call("enabled") == {"enabled": True, "operator": True}


def test_it_goes_without_a_trace_twice_in_a_row(headless: Headless, extension_zip: Path, tmp_path: Path) -> None:
    zipped = tmp_path / extension_zip.name
    zipped.write_bytes(extension_zip.read_bytes())

    before, once, again = headless.call(
        INSIDE, "twice", tmp_path / "resources", zip=zipped, report=tmp_path / "report.json"
    )

    assert once == before
    assert again == before
    assert before["operators"] == [], "nothing of ours was there before"


def test_the_operator_writes_json(installed: Installed) -> None:
    ran = installed.call("run_operator", report=installed.resources / "report.json")

    report = ran["report"]
    assert ran["result"] == ["FINISHED"]
    assert report["schema"] == 1
    assert report["tool"]["blender"].startswith(installed.blender.version)
    assert [row["link"] for row in report["chain"]] == LINKS
    assert ran["touched"] is False, "nothing is written into the user's file"


def test_reports_in_every_format(installed: Installed) -> None:
    folder = installed.resources / "reports"
    folder.mkdir()
    ran = installed.call("save_reports", folder=folder)

    begins = {
        "TEXT": "",
        "JSON": "{",
        "MARKDOWN": "### ",
        "RUNBOOK": "# ",
        "JUNIT": "<?xml ",
        "HTML": "<!DOCTYPE html>",
    }
    assert set(ran["written"]) == {"ran.HTML", *(f"saved.{form}" for form in begins)}
    for name, text in ran["written"].items():
        assert text.startswith(begins[name.partition(".")[2]])
        assert name in text or name.endswith("RUNBOOK"), "what was written is told, but not among what is to be done"
    assert ran["shown"] == {name.upper(): words for name, words in ran["names"].items()}


def test_main_returns_the_exit_code(installed: Installed) -> None:
    ran = installed.call("run_main", arguments=["--format", "json", "--only", "blender"])

    assert ran["code"] == 0
    report = json.loads(ran["printed"])
    # Another test's Blender may have its window open meanwhile, which is worth a warning.
    assert {found["id"] for found in report["findings"]} <= {"blender.several-instances"}
    assert report["verdict"] in {"pass", "warn"}


def test_main_refuses_wrong_usage(installed: Installed) -> None:
    ran = installed.call("run_main", arguments=["--port", "70000"])

    assert ran["code"] == 2


@pytest.mark.parametrize("headless", WHEELS, indirect=True)
def test_the_last_good_run_is_kept_in_the_extensions_own_folder(installed: Installed) -> None:
    with listening(addon()) as peer:
        arguments = ["--format", "json", "--host", "127.0.0.1", "--port", str(peer.port)]
        ran = installed.call("run_main", arguments=arguments)

    written = json.loads(ran["printed"])["did"]["written"]
    assert [Path(path).parts[-4:] for path in written] == [
        (".user", "user_default", "mcp_diagnostics", "last-good.json")
    ]
    assert len(list(installed.resources.rglob("last-good.json"))) == 1


@pytest.mark.parametrize("headless", WHEELS, indirect=True)
@pytest.mark.parametrize(("must_match", "verdict"), [(False, "warn"), (True, "fail")])
def test_a_lock_in_the_preferences(installed: Installed, must_match: bool, verdict: str) -> None:
    lock = installed.resources / "mcp-diagnostics.lock"
    content = {"mcp_diagnostics_lock": 1, "day": "2025-11-03", "addon_version": "1.7"}
    lock.write_text(json.dumps(content), encoding="utf-8")
    report = installed.resources / "locked.json"
    with listening(addon()) as peer:
        ran = installed.call("run_with_lock", lock=lock, must_match=must_match, port=peer.port, report=report)

    drift = next(found for found in ran["report"]["findings"] if found["id"] == "server.lock-drift")
    assert drift["verdict"] == verdict
    assert drift["evidence"]["differences"] == ["add-on's version 1.7 → 1.8"]


@pytest.mark.parametrize("headless", PROGRAMS, indirect=True)
def test_the_operator_works_without_preferences(installed: Installed) -> None:
    options = ["--factory-startup", "--addons", "bl_ext.user_default.mcp_diagnostics"]

    ran = installed.call("run_operator", options, report=installed.resources / "factory.json")

    assert ran["report"]["target"]["port"] == 9876


@pytest.mark.parametrize("headless", PROGRAMS, indirect=True)
@pytest.mark.parametrize(("arguments", "code"), [(["--only", "blender"], 0), (["--port", "70000"], 2)])
def test_blender_command(installed: Installed, arguments: list[str], code: int) -> None:
    output = installed.resources / f"command-{code}.json"
    output.unlink(missing_ok=True)
    command: list[str | Path] = ["--command", "mcp_diagnostics", *arguments, "--format", "json", "--output", output]

    ended = installed.blender.run(command, installed.resources, check=False)

    assert ended.returncode == code, ended.stdout + ended.stderr
    if code == 0:
        assert json.loads(output.read_text(encoding="utf-8"))["tool"]["blender"].startswith(installed.blender.version)


def test_a_peer_that_goes_away_does_not_end_blender(installed: Installed) -> None:
    """Blender 4.3 does not ignore SIGPIPE as Python does, so writing to a server that has exited would end it."""
    assert installed.call("write_to_a_closed_pipe") == {"raised": True, "same": True}


def test_enabling_is_quick_and_leaves_the_engine_for_later(installed: Installed) -> None:
    measured = installed.call("import_seconds")

    assert measured["engine"] is False
    assert measured["seconds"] < 0.5  # the budget of 15 ms is for a quiet machine, and measured in tests/bench


def test_an_error_inside_is_told(tmp_path: Path) -> None:
    blender = any_present()
    if blender is None:
        pytest.skip("no Blender at all")

    with pytest.raises(InsideError, match="no_such_function"):
        blender.call(INSIDE, "no_such_function", tmp_path / "resources")
