# SPDX-License-Identifier: GPL-3.0-or-later
"""The published JSON Schema holds for every kind of report, and refuses what is none."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from diagnostics.__main__ import main
from diagnostics.reports import SUFFIXES, json_report, render

from .peers import addon, listening, silent
from .runs import Doctor, closed_port
from .schema import problems, published


def told(doctor: Doctor, **target: Any) -> dict[str, Any]:
    return json.loads(render(doctor.run(**target), "json"))


def test_it_speaks_of_the_schema_that_reports_name() -> None:
    assert published()["$defs"]["report"]["properties"]["schema"] == {"const": json_report.SCHEMA}


def test_a_report_of_each_kind(doctor: Doctor) -> None:
    with listening(addon()) as healthy, listening(silent) as mute:
        reports = {
            "pass": told(doctor, host="127.0.0.1", port=healthy.port, only=["network", "addon", "blender"]),
            "warn": told(
                doctor, host="127.0.0.1", port=healthy.port, expect_protocol=["14"], only=["network", "addon"]
            ),
            "fail": told(doctor, host="127.0.0.1", port=closed_port()),
            "unknown": told(doctor, host="127.0.0.1", port=mute.port, only=["network", "addon"], deadline=0.2),
        }
        doctor.configure({"command": "/bin/sh", "args": ["blender"]})
        waiting = told(doctor, host="127.0.0.1", port=healthy.port)
    assert {kind: report["verdict"] for kind, report in reports.items()} == {kind: kind for kind in reports}
    assert "internal.deadline" in [found["id"] for found in reports["unknown"]["findings"]], "it was cut off"
    assert waiting["consents"], "a command waits to be allowed"
    for report in (*reports.values(), waiting):
        assert problems(report) == []


def test_many_endpoints_are_a_report_each(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--endpoint", f"127.0.0.1:{closed_port()}", "--endpoint", "nowhere.invalid", "--format", "json"])
    lines = capsys.readouterr().out.splitlines()
    assert [problems(json.loads(line)) for line in lines] == [[], []]


def test_the_apps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    doctor = Doctor(tmp_path)
    doctor.platform = "linux"
    doctor.configure({"command": "uvx", "args": ["blender-mcp"]}, odd={"command": 1, "args": ["blender"]})
    main(["apps", "--format", "json"])
    listed = json.loads(capsys.readouterr().out)
    assert listed["apps"][0]["entries"]
    assert listed["apps"][0]["problems"]
    assert problems(listed) == []


@pytest.mark.parametrize("name", ["broken", "works"])
def test_the_examples_of_the_documentation_are_such_reports(name: str) -> None:
    folder = Path(__file__).parents[2] / "docs" / "reports"
    for suffix in SUFFIXES.values():
        assert (folder / f"{name}{suffix}").is_file()
    example = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    assert problems(example) == []
    assert example["verdict"] == {"broken": "fail", "works": "pass"}[name]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["schema"], 2),
        (["verdict"], "skipped"),
        (["root_cause"], None),
        (["target", "port"], 0),
        (["started"], "yesterday"),
        (["chain"], []),
        (["findings", 0, "id"], "Refused!"),
        (["findings", 0, "order"], -1),
        (["findings", 0, "remedies", 0, "kind"], "run"),
        (["did", "started"], ["a command"]),
        (["findings", 0, "evidence", "x"], {"deep": 1}),
        (["extra"], 1),
    ],
    ids=lambda part: ".".join(map(str, part)) if isinstance(part, list) and part else None,
)
def test_it_refuses_what_is_no_report(path: list[Any], value: object, doctor: Doctor) -> None:
    report = copy.deepcopy(told(doctor, host="127.0.0.1", port=closed_port(), only=["network"]))
    place = report
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert problems(report) != []
