# SPDX-License-Identifier: GPL-3.0-or-later
"""--wait: a start-up script goes on as soon as the endpoint is ready, and learns why it is not."""

from __future__ import annotations

import contextlib
import json

import pytest

from diagnostics import waiting
from diagnostics.__main__ import main
from diagnostics.model import Report
from diagnostics.target import make_target

from .peers import INFO, addon, greets, listening
from .runs import closed_port

pytestmark = pytest.mark.usefixtures("alone", "impatient")


def argv(port: int, wait: str, *more: str) -> list[str]:
    return ["--host", "127.0.0.1", "--port", str(port), "--wait", wait, *more]


def test_what_is_ready_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(addon()) as peer:
        assert main(argv(peer.port, "600")) == 0
    assert capsys.readouterr().out == f"Ready: 127.0.0.1:{peer.port} · MCP for Blender 1.8 · protocol 15\n"


def test_it_waits_for_an_addon_that_comes_later() -> None:
    port, tries = closed_port(), []
    with contextlib.ExitStack() as stack:

        def come(report: Report, left_s: float) -> None:
            tries.append((report.root_cause, left_s))
            if len(tries) == 3:
                stack.enter_context(listening(addon(), port=port))

        report = waiting.wait_until_ready(make_target(host="127.0.0.1", port=port), 60, on_try=come)
    assert waiting.is_ready(report)
    assert [cause for cause, _left in tries] == ["network.refused"] * 3
    assert tries[0][1] > tries[2][1]


def test_it_never_comes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv(closed_port(), "0")) == 1
    assert "[network.refused]" in capsys.readouterr().out


@pytest.mark.parametrize("handler", [greets(b"SSH-2.0-x\r\n"), addon(info={**INFO, "protocol_version": "15"})])
def test_another_program_or_a_broken_addon_is_not_ready(handler: object) -> None:
    with listening(handler) as peer:  # type: ignore[arg-type]
        assert main(argv(peer.port, "0")) == 1


def test_an_addon_below_the_pin_is_not_ready() -> None:
    with listening(addon()) as peer:
        assert main(argv(peer.port, "0", "--expect-protocol", "16")) == 1


def test_a_program_gets_the_last_report(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(addon()) as peer:
        assert main(argv(peer.port, "5", "--format", "json")) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "pass"


@pytest.mark.parametrize("wait", ["soon", "-1", "nan", "86401", "inf"])
def test_a_time_that_is_none(wait: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--wait=" + wait]) == 2
    assert "argument --wait" in capsys.readouterr().err


def test_wait_decides_itself_what_is_tested(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--wait", "1", "--only", "client"]) == 2
    assert "--only" in capsys.readouterr().err
