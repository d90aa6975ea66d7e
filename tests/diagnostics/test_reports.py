# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for people and for programs says the same, whole, and nothing more."""

from __future__ import annotations

import json
import re

import pytest

from diagnostics import exit_code
from diagnostics.model import Report, Verdict
from diagnostics.reports import FORMATS, render

from .peers import addon, greets, listening
from .runs import Doctor, closed_port


@pytest.fixture
def broken(doctor: Doctor) -> Report:
    doctor.configure({"command": "blender-tool", "env": {"BLENDER_HOST": "127.0.0.1"}})
    with listening(greets(b"SSH-2.0-x\r\n")) as peer:
        return doctor.run(host="127.0.0.1", port=peer.port)


def test_the_shape_of_the_json(broken: Report) -> None:
    told = json.loads(render(broken, "json"))
    assert told["schema"] == 1
    assert set(told["tool"]) == {"name", "version", "python", "blender", "platform"}
    assert set(told["target"]) == {"host", "port", "tls", "kind"}
    assert told["target"] == {"host": "127.0.0.1", "port": broken.port, "tls": False, "kind": "auto"}
    assert (told["verdict"], told["root_cause"]) == ("fail", "launcher.not-found")
    assert [row["link"] for row in told["chain"]] == ["client", "launcher", "server", "network", "addon", "blender"]
    for row in told["chain"]:
        assert {"link", "verdict", "summary", "elapsed_ms"} <= row.keys()
    for finding in told["findings"]:
        assert {
            "id",
            "link",
            "verdict",
            "title",
            "detail",
            "evidence",
            "explained_by",
            "order",
            "remedies",
        } <= finding.keys()
        assert all(set(remedy) == {"title", "kind", "text"} for remedy in finding["remedies"])
    assert [finding["order"] for finding in told["findings"]] == [1, 2, 0]
    assert told["findings"][2]["explained_by"] == "network.port-taken"
    assert set(told["did"]) == {"connected", "started", "read", "written"}
    assert told["did"]["connected"] == [f"127.0.0.1:{broken.port}"]
    assert told["did"]["started"] == told["did"]["written"] == []
    assert told["masked"]
    assert told["not_masked"]
    assert told["elapsed_ms"] > 0


def test_the_json_is_ascii(doctor: Doctor) -> None:
    doctor.configure({"command": "blender-tööl"})
    text = render(doctor.run(only=["client", "launcher"]), "json")
    assert text.isascii()
    assert "blender-tööl" in json.loads(text)["headline"]


def test_the_text_says_what_is_broken_and_what_to_do(broken: Report) -> None:
    text = render(broken, "text")
    lines = text.splitlines()
    assert lines[0] == "✖ Claude Desktop cannot find “blender-tool”"
    labels = "AI App|Launcher|MCP Server|Network|Add-on|Blender"
    assert re.findall(f"^  [✔✖–] ({labels}) ", text, re.MULTILINE) == labels.split("|")
    assert "1. Claude Desktop cannot find “blender-tool” [launcher.not-found]" in lines
    assert any(line.startswith("2. ") and line.endswith("[network.port-taken]") for line in lines)
    assert "[addon.not-a-bridge]" in text.partition("Follows from the above:")[2]
    assert f"Contacted: 127.0.0.1:{broken.port}" in lines
    assert "Started: nothing" in lines
    assert text.endswith("\n")


def test_verbose_adds_evidence_and_what_was_said(broken: Report) -> None:
    quiet, verbose = render(broken, "text"), render(broken, "text", verbose=True)
    assert "SSH-2.0-x" in verbose
    assert "← SSH-2.0-x\\r\\n" in verbose
    assert "Checks:" in verbose
    assert "Checks:" not in quiet


def test_exact_is_for_this_users_own_screen(doctor: Doctor) -> None:
    tool = doctor.script(".local/bin/blender-tool", "")
    doctor.configure({"command": "blender-tool"})
    report = doctor.run(only=["client", "launcher"])
    assert f'"command": "{tool}"' in render(report, "text", exact=True)
    assert str(doctor.home) not in render(report, "text")
    assert str(doctor.home) not in render(report, "json")


def test_what_is_muted_is_shown_as_muted(doctor: Doctor) -> None:
    report = doctor.reach(closed_port(), "network", ignore=["network.refused"])
    assert json.loads(render(report, "json"))["findings"][0]["muted"] is True
    assert "Muted:" in render(report, "text")


def test_a_healthy_chain_is_short(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        report = doctor.reach(peer.port)
    assert render(report, "text").startswith("✔ What was asked for works: Network, Add-on, Blender\n")
    assert json.loads(render(report, "json"))["root_cause"] is None


def test_without_an_app_it_says_so(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        report = doctor.run(host="127.0.0.1", port=peer.port)
    assert report.headline == f"Blender answers at 127.0.0.1:{peer.port}, but no AI app is set up on this computer"


def test_an_unknown_format(broken: Report) -> None:
    assert "text" in FORMATS
    with pytest.raises(ValueError, match="xml"):
        render(broken, "xml")


def test_the_exit_status(doctor: Doctor) -> None:
    with listening(addon("1.2")) as peer:
        warned = doctor.reach(peer.port)
    assert warned.verdict is Verdict.WARN
    assert (exit_code(warned), exit_code(warned, fail_on=Verdict.WARN)) == (0, 1)
    assert exit_code(doctor.reach(closed_port())) == 1
    assert exit_code(doctor.reach(closed_port(), "network", ignore=["network.refused"])) in {0, 3}
