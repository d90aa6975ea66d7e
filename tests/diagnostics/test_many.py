# SPDX-License-Identifier: GPL-3.0-or-later
"""Many endpoints in one run."""

from __future__ import annotations

import contextlib
import gc
import json
import socket
import threading
import tracemalloc
from pathlib import Path

import pytest

from diagnostics.__main__ import main
from diagnostics.checks.network import reach
from diagnostics.many import diagnose_many
from diagnostics.model import Report, Verdict
from diagnostics.target import TargetError, make_target, read_endpoints

from .peers import addon, closes, listening, silent
from .runs import Doctor, closed_port

pytestmark = pytest.mark.usefixtures("alone", "impatient")


def test_each_has_its_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with listening(addon()) as good, listening(addon("1.2")) as old, listening(closes) as broken:
        file = tmp_path / "endpoints"
        file.write_text(f"# mine\n\n127.0.0.1:{good.port}  # the first\n127.0.0.1:{old.port}\n", encoding="utf-8")
        assert main(["--endpoints", str(file), "--endpoint", f"127.0.0.1:{broken.port}"]) == 1
        ports = [good.port, old.port, broken.port]
    lines = capsys.readouterr().out.splitlines()
    by_port = {port: next(line for line in lines if f":{port} " in line) for port in ports}
    assert by_port[ports[0]].startswith("✔ ")
    assert "MCP for Blender 1.8 · protocol 15" in by_port[ports[0]]
    assert "[addon.outdated]" in by_port[ports[1]]
    assert by_port[ports[2]].startswith("✖ ")
    assert "[network.reset]" in by_port[ports[2]]
    assert lines[-1] == "3 endpoints: 2 work (1 with warnings), 1 broken: network.reset 1"


def test_an_object_a_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with listening(addon()) as one, listening(addon()) as other:
        arguments = ["--endpoint", f"127.0.0.1:{one.port}", "--endpoint", f"127.0.0.1:{other.port}"]
        assert main([*arguments, "--format", "json"]) == 0
        printed = capsys.readouterr().out
        assert main([*arguments, "--format", "json", "--output", str(tmp_path / "out")]) == 0
        ports = {one.port, other.port}
    for text in (printed, (tmp_path / "out").read_text(encoding="utf-8")):
        reports = [json.loads(line) for line in text.splitlines()]
        assert {report["target"]["port"] for report in reports} == ports
        assert {report["verdict"] for report in reports} == {"pass"}
    assert capsys.readouterr().out == ""


def test_what_could_not_be_tested_is_not_fine(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(silent, port=_printer_port()) as printer:
        assert main(["--endpoint", f"127.0.0.1:{printer.port}"]) == 3
    assert "1 could not be tested" in capsys.readouterr().out


def _printer_port() -> int:
    for port in range(9102, 9108):
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port
    pytest.skip("all ports of printers are taken")


@pytest.mark.parametrize("option", ["--host=a", "--port=1", "--only=network", "--wait=1"])
def test_options_that_do_not_go_together(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--endpoint", "localhost", option]) == 2
    assert option.partition("=")[0] in capsys.readouterr().err


def test_every_wrong_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "endpoints"
    file.write_text("localhost\na b\nbox:99999\n::1\nhttp://box/\n" + "x y\n" * 10, encoding="utf-8")
    with pytest.raises(TargetError) as wrong:
        read_endpoints([], file)
    assert wrong.value.argument == "endpoints"
    for said in ("line 2: “a b”", "line 3: “99999”", "line 5: ", "and 8 more lines"):
        assert said in wrong.value.message
    assert "line 4" not in wrong.value.message


@pytest.mark.parametrize(("content", "said"), [(b"# nothing\n", "no endpoint"), (b"\xff\xfe", "UTF-8")])
def test_a_file_that_is_of_no_use(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "endpoints"
    file.write_bytes(content)
    with pytest.raises(TargetError, match=said):
        read_endpoints([], file)


def test_an_empty_endpoint() -> None:
    with pytest.raises(TargetError) as wrong:
        read_endpoints([" "])
    assert wrong.value.argument == "endpoint"


def test_some_at_a_time(doctor: Doctor) -> None:
    now, most, lock = 0, 0, threading.Lock()

    def counting(connection: socket.socket) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        try:
            addon()(connection)
        finally:
            with lock:
                now -= 1

    reports: list[Report] = []
    with listening(counting) as peer:
        targets = (make_target(host="127.0.0.1", port=peer.port) for _ in range(40))
        diagnose_many(targets, reports.append, machine=doctor.machine, at_once=4)
    assert [report.verdict for report in reports] == [Verdict.PASS] * 40
    assert most <= 2 * 4  # a connection may still be closing when the next one is made


def test_memory_does_not_grow_with_their_number(doctor: Doctor) -> None:
    port = closed_port()

    def kept(count: int) -> int:
        """Bytes that are still in use when all is over."""
        targets = (make_target(host="127.0.0.1", port=port) for _ in range(count))
        diagnose_many(targets, lambda _report: None, machine=doctor.machine, at_once=8)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    kept(100)  # what is loaded or remembered once is there now
    tracemalloc.start()
    few = kept(100)
    tracemalloc.reset_peak()
    many = kept(800)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert many - few < 100 * 1024
    assert peak < 4 << 20


def test_a_reader_that_goes_away(doctor: Doctor) -> None:
    def gone(_report: Report) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        diagnose_many([make_target(port=closed_port())] * 20, gone, machine=doctor.machine)


def test_the_doctors_own_failure_is_the_worst_but_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reach, "connect_all", crash)
    assert main(["--endpoint", "127.0.0.1:1"]) == 4
