# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers that misbehave (field guide, hostile.md), each through the whole doctor: a verdict of its own, and no harm.

Most of them come with the self-test (see test_self_test). All are FAKES: nobody sells a hostile peer.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import random
import socket
import threading
import tracemalloc
from collections.abc import Iterator

import psutil
import pytest

from diagnostics.model import Report, Verdict
from diagnostics.protocols.dialect import NUL, PING, Dialect, recognise
from diagnostics.protocols.unframed_json import UnframedJson
from diagnostics.reports import render

from .peers import INFO, PONG, Handler, addon, answers, closes, greets, listening, resets
from .runs import Doctor, ids

HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x1b]8;;http://evil\x07\u202egnp.exe\x9b31m\u2066"


def endless(piece: bytes, start: bytes = b"") -> Handler:
    """Sends `start`, and then `piece` at full speed for ever."""

    def handler(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return handler


def info(version: object) -> bytes:
    return json.dumps({"status": "success", "result": {**INFO, "protocol_version": version}}).encode()


PEERS: dict[str, tuple[Handler, str]] = {
    "endless numbers": (endless(b"9" * 65536, b'{"status": '), "addon.unknown-protocol"),
    "objects a million deep": (answers(b'{"a":' * 10**6), "addon.unknown-protocol"),
    "escapes in its version": (addon(info={**INFO, "protocol_version": HOSTILE}), "addon.protocol-invalid"),
}
"""Beside those that the self-test has with it."""


@contextlib.contextmanager
def nothing_left() -> Iterator[None]:
    """Threads, descriptors and children are the same before and after."""
    process = psutil.Process()

    def kept() -> tuple[int, int, int]:
        gc.collect()  # what earlier tests left to be collected is not counted
        return threading.active_count(), process.num_fds() if os.name == "posix" else 0, len(process.children())

    before = kept()
    yield
    after = kept()
    assert after == before


def check_harmless(report: Report) -> None:
    """No text of the report steers a terminal, and none is large."""
    for form in ("text", "json"):
        text = render(report, form, verbose=True)
        assert len(text) < 100_000
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u2066"} & set(text)


@pytest.mark.parametrize("name", PEERS)
def test_each_has_its_verdict(doctor: Doctor, name: str) -> None:
    handler, cause = PEERS[name]
    with listening(handler) as peer:
        report = doctor.reach(peer.port, deadline=20)
    assert cause in ids(report)
    assert report.verdict is Verdict.FAIL
    assert "internal.deadline" not in ids(report)
    check_harmless(report)


@pytest.mark.parametrize(
    ("name", "handler"),
    [
        ("pieces", answers(PONG, pieces=len(PONG))),
        ("UTF-8 in pieces", addon(info={**INFO, "name": "Möbel 🪑"})),
        ("white space", answers(b" \r\n" + PONG)),
    ],
)
def test_what_is_only_unusual_is_recognised(doctor: Doctor, name: str, handler: Handler) -> None:
    with listening(handler) as peer:
        report = doctor.reach(peer.port)
    assert not {"addon.unknown-protocol", "addon.not-a-bridge", "addon.silent"} & set(ids(report)), name


def test_a_flood_is_not_kept(doctor: Doctor) -> None:
    with listening(endless(b"x" * 65536, b'{"status": "')) as peer:
        doctor.reach(peer.port)  # what is loaded once is loaded now
        tracemalloc.start()
        doctor.reach(peer.port)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4 << 20


def test_two_hundred_runs_leave_nothing(doctor: Doctor) -> None:
    handlers = [closes, resets, addon(), greets(b"SSH-2.0-x\r\n"), answers(b"what?\r\n"), endless(b"x" * 65536)]
    for handler in handlers:
        with listening(handler) as peer:
            doctor.reach(peer.port)
    with nothing_left():
        for number in range(200):
            with listening(handlers[number % len(handlers)]) as peer:
                doctor.reach(peer.port)


def _replies(count: int) -> Iterator[tuple[bytes, bool]]:
    """Good replies with some bytes changed, cut or added, and replies of random bytes; whether it is still good."""
    chance = random.Random(9876)
    good = [PONG, b'{"status":"error","message":"Unknown command type: ping"}', info(15)]
    for number in range(count):
        reply = bytearray(chance.choice(good) if number % 4 else chance.randbytes(chance.randrange(1, 200)))
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(reply) + 1)
            match chance.randrange(3):
                case 0:
                    reply[at : at + 1] = chance.randbytes(1)
                case 1:
                    del reply[at : at + chance.randrange(1, 10)]
                case _:
                    reply[at:at] = chance.randbytes(chance.randrange(1, 10))
        yield bytes(reply), bytes(reply) in good


def test_twelve_thousand_changed_replies() -> None:
    known = ({"status": "success", "result": {"pong": True}}, "Unknown command type")
    for reply, _good in _replies(12_000):
        answer = UnframedJson()
        answer.feed(reply)
        recognised = recognise(answer, PING + NUL, ended=True)
        if recognised is not None and recognised.dialect is Dialect.MCP_FOR_BLENDER:
            value = answer.value()
            assert value is not None
            assert value == known[0] or known[1] in str(value.get("message")) or value.get("status") == "success"


def test_changed_versions_never_pass(doctor: Doctor) -> None:
    chance = random.Random(15)
    for _ in range(100):
        reply = bytearray(info(15))
        at = chance.randrange(len(reply))
        reply[at : at + chance.randrange(1, 6)] = chance.randbytes(2) + b"\xff"

        def handler(connection: socket.socket, reply: bytes = bytes(reply)) -> None:
            for said in (PONG, reply):
                if not connection.recv(65536):
                    return
                connection.sendall(said)

        with listening(handler) as peer:
            report = doctor.reach(peer.port, "network", "addon")
        assert report.verdict is Verdict.FAIL, reply
