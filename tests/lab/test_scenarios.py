# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken chains of real parts, and what a click on Run Diagnostics makes of each.

Blender, the add-on and the server are real. Claude Desktop itself cannot be had here: its configuration stands for it.
Blender Lab's add-on is spoken by a peer of ours, see `lab_peer`.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import doctor, inventory, lab_peer, real_addon, real_server
from tests.lab.home import Home
from tests.lab.processes import end, until
from tests.lab.window import BlenderWindow

pytestmark = [pytest.mark.blender, pytest.mark.lab]


def _diagnose(window: BlenderWindow) -> dict[str, Any]:
    """Click Run Diagnostics, allow what waits for it with a click on Allow, read the report that comes then."""
    report = doctor.diagnose(window)
    if report["consents"]:
        doctor.allow_all(window)
        report = doctor.wait_for_report(window)
    return report


def _verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {row["link"]: row["verdict"] for row in report["chain"]}


def _finding(report: dict[str, Any], cause: str) -> dict[str, Any]:
    return next(found for found in report["findings"] if found["id"] == cause)


@contextlib.contextmanager
def _beside(window: BlenderWindow, argv: list[str], port: int = real_addon.PORT) -> Iterator[int]:
    """A program of this machine on the window's network, listening on `port`; its process id."""
    process = window.room.spawn_beside(argv)
    try:
        until(lambda: _accepts(window, port), f"a listener on port {port}", 10)
        yield process.pid
    finally:
        end(process)


def _from_a_shell(window: BlenderWindow, home: Home) -> dict[str, Any]:
    """The report of the same doctor, run in a shell of this machine on the window's network."""
    command = f"HOME={shlex.quote(str(home.path))} {shlex.quote(sys.executable)} -m diagnostics --format json || true"
    return dict(json.loads(window.room.run_beside(["sh", "-c", command], timeout_s=15).stdout))


def _accepts(window: BlenderWindow, port: int) -> bool:
    code = f"import socket; print(socket.socket().connect_ex(('127.0.0.1', {port})))"
    return window.room.run_beside([sys.executable, "-I", "-c", code], timeout_s=10).stdout.strip() == "0"


@pytest.mark.usefixtures("home")
def test_a_stopped_addon(window: BlenderWindow) -> None:
    real_addon.stop(window)

    report = doctor.diagnose(window)

    assert report["root_cause"] == "addon.not-started"
    assert _finding(report, "network.refused")["explained_by"] == "addon.not-started"
    button, by_hand = _finding(report, "addon.not-started")["remedies"]
    assert button["kind"] == "apply"
    assert "Connect to MCP server" in by_hand["text"]


@pytest.mark.usefixtures("home")
def test_the_addon_on_another_port(window: BlenderWindow) -> None:
    real_addon.start(window, port=9999)

    report = doctor.diagnose(window)

    assert report["root_cause"] == "network.port-mismatch"
    assert _finding(report, "network.port-mismatch")["evidence"]["found_port"] == 9999
    remedies = _finding(report, "network.port-mismatch")["remedies"]
    assert '"BLENDER_PORT": "9999"' in next(one["text"] for one in remedies if one["kind"] == "copy")


def test_the_entry_and_the_addon_agree_on_another_port(window: BlenderWindow, home: Home) -> None:
    """A near miss: nothing is broken, although nothing is at the default port."""
    real_addon.start(window, port=9999)
    home.configure(real_server.entry(port=9999))

    report = _diagnose(window)

    assert report["target"]["port"] == 9999
    assert report["verdict"] == "pass", report["headline"]


def test_the_entry_goes_to_another_port_than_the_addon(window: BlenderWindow, home: Home) -> None:
    real_addon.start(window)
    home.configure(real_server.entry(port=9998))

    report = doctor.diagnose(window)

    assert report["root_cause"] == "network.port-mismatch"
    assert _finding(report, "network.port-mismatch")["evidence"]["found_port"] == 9876


@pytest.mark.usefixtures("home")
def test_another_program_on_the_port(window: BlenderWindow) -> None:
    real_addon.stop(window)

    with _beside(window, [sys.executable, "-m", "http.server", "9876", "--bind", "127.0.0.1"]) as pid:
        report = doctor.diagnose(window)

    assert report["root_cause"] == "network.port-taken"
    assert _finding(report, "network.port-taken")["evidence"]["pid"] == pid
    assert _finding(report, "addon.not-a-bridge")["explained_by"] == "network.port-taken"


def test_a_busy_main_thread(window: BlenderWindow, home: Home) -> None:
    """The doctor runs outside this Blender, whose main thread is held for 20 s; it says so long before."""
    real_addon.start(window)
    flag = window.folder / "busy"
    flag.unlink(missing_ok=True)
    window.run_python(
        "import time\n"
        "def hold():\n"
        f"    open({str(flag)!r}, 'w').close()\n"
        "    time.sleep(20)\n"
        "bpy.app.timers.register(hold, first_interval=0.1)\n"
    )
    until(flag.exists, "the main thread to be held", 10)

    report = _from_a_shell(window, home)
    window.run_python("None", deadline_s=40)

    assert report["root_cause"] == "addon.busy"
    assert any(str(window.pid) in listener for listener in _finding(report, "addon.busy")["evidence"]["listener"])


def test_uvx_where_the_app_does_not_look(window: BlenderWindow, home: Home) -> None:
    real_addon.start(window)
    found = home.put_uvx()
    home.configure(real_server.entry(command="uvx"))

    report = doctor.diagnose(window)
    window.screenshot("broken-chain")

    assert report["root_cause"] == "launcher.not-found"
    assert report["headline"] == "Claude Desktop cannot find “uvx”"
    assert _verdicts(report)["server"] == "skipped"
    assert _finding(report, "launcher.not-found")["evidence"]["found_at"] == f"~/{found.relative_to(home.path)}"


def test_a_server_that_dies_on_the_newest_sdk(window: BlenderWindow, home: Home) -> None:
    real_addon.start(window)
    home.configure(real_server.entry(inventory.BROKEN_SERVER_REQUIREMENT))

    report = _diagnose(window)

    assert report["root_cause"] == "server.sdk-incompatible"
    fixes = [remedy["text"] for remedy in _finding(report, "server.sdk-incompatible")["remedies"]]
    assert any("mcp-for-blender" in fix for fix in fixes)
    assert any("mcp<2" in fix for fix in fixes)


def test_a_wrapper_that_prints_to_stdout(window: BlenderWindow, home: Home) -> None:
    real_addon.start(window)
    entry = real_server.entry()
    line = " ".join([str(entry["command"]), *entry["args"]])  # type: ignore[misc]  # a list of texts
    script = home.put_script("blender-wrapper", f"#!/bin/sh\necho Starting Blender MCP\nexec {line}\n")
    home.configure({"command": str(script), "env": entry["env"]})

    report = _diagnose(window)

    assert report["verdict"] == "warn"
    assert _finding(report, "server.stdout-polluted")["evidence"]["printed"] == ["Starting Blender MCP"]


def test_a_trailing_comma(window: BlenderWindow, home: Home) -> None:
    real_addon.start(window)
    entry = '"blender": {\n      "command": "uvx",\n      "args": ["mcp-for-blender"],\n    }'
    home.write(f'{{\n  "mcpServers": {{\n    {entry}\n  }}\n}}\n')

    report = doctor.diagnose(window)

    assert report["root_cause"] == "client.config-unparsable"
    evidence = _finding(report, "client.config-unparsable")["evidence"]
    assert (evidence["line"], evidence["column"]) == (5, 34)


@pytest.mark.usefixtures("home")
def test_blender_labs_addon_behind_the_other_server(window: BlenderWindow) -> None:
    real_addon.stop(window)

    with lab_peer.beside(window.room):
        report = _diagnose(window)

    assert report["root_cause"] == "addon.product-mismatch"
    assert _finding(report, "server.blocked-by-addon")["explained_by"] == "addon.product-mismatch"


def test_the_panel_reads_the_same_as_the_shell(window: BlenderWindow, home: Home) -> None:
    real_addon.stop(window)

    panel = doctor.diagnose(window)
    shell = _from_a_shell(window, home)

    same = ("client", "launcher", "server", "network")
    assert {link: _verdicts(panel)[link] for link in same} == {link: _verdicts(shell)[link] for link in same}
    assert Path(panel["did"]["read"][0]).name == Path(shell["did"]["read"][0]).name


@pytest.mark.usefixtures("home")
def test_a_server_over_http_at_another_path(window: BlenderWindow) -> None:
    real_addon.start(window)
    python = inventory.sdk_python(inventory.SDKS[0])
    with real_server.over_http(window.room, python, 8123):
        doctor.set_preferences(window, host="127.0.0.1", port=8123, kind="MCP_HTTP")
        good = _diagnose(window)
        doctor.set_preferences(window, path="/nowhere")
        wrong = _diagnose(window)
        window.screenshot("http")

    rows = {row["link"]: row for row in good["chain"]}
    assert rows["network"]["verdict"] == "pass", good["headline"]
    assert "Laboratory over HTTP" in rows["network"]["summary"]
    assert rows["addon"]["verdict"] == "skipped"
    assert wrong["root_cause"] == "network.http-wrong-path"
    assert _finding(wrong, "network.http-wrong-path")["evidence"]["found_path"] == "/mcp"
