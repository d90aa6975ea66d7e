# SPDX-License-Identifier: GPL-3.0-or-later
"""The identification probe: one conversation, bounded, with whatever listens."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from diagnostics.ledger import Ledger
from diagnostics.probes.bridge import BridgeAnswer, Ended, ask_bridge
from diagnostics.probes.tcp import Address
from diagnostics.protocols.dialect import BLANK, GET_ADDON_INFO, LENGTH_PREFIXED_PING, NUL, PING, Dialect
from tests.lab.lab_peer import LabPeer

from ..peers import INFO, PONG, Handler, addon, answers, closes, echoes, greets, listening, recording, resets, silent
from ..runs import closed_port

PATIENCE = 0.2
"""Silent peers are given up after a second; nothing here depends on how long that is."""


def ask(port: int, *, patience: float = PATIENCE) -> BridgeAnswer:
    return asyncio.run(ask_bridge(Address(socket.AF_INET, ("127.0.0.1", port)), Ledger(), patience=patience))


@contextmanager
def heard(handler: Handler) -> Iterator[tuple[int, bytearray]]:
    received = bytearray()
    with listening(recording(handler, received)) as peer:
        yield peer.port, received


def dialect(answer: BridgeAnswer) -> Dialect | None:
    return answer.recognised.dialect if answer.recognised else None


@pytest.mark.parametrize(("generation", "knows_ping"), [("0.1", True), ("1.2", False), ("1.8", True)])
def test_each_generation_of_the_addon(generation: str, knows_ping: bool) -> None:
    with heard(addon(generation)) as (port, received):
        answer = ask(port, patience=1)
    assert answer.recognised is not None
    assert (dialect(answer), answer.recognised.knows_ping) == (Dialect.MCP_FOR_BLENDER, knows_ping)
    assert bytes(received) == PING + GET_ADDON_INFO
    if generation == "1.8":
        assert answer.info == INFO
    else:
        assert (answer.info, answer.info_error) == (None, "Unknown command type: get_addon_info")
        assert not answer.info_silent


def test_a_single_client_is_free_again_at_once() -> None:
    with listening(addon("0.1")) as peer:
        for _ in range(3):
            assert ask(peer.port, patience=1).ended is Ended.ANSWERED


def test_blender_lab() -> None:
    with LabPeer(tick_s=0.01) as peer:
        answer = ask(peer.port)
        assert dialect(answer) is Dialect.BLENDER_LAB
        assert answer.info is None
        assert peer.requests == [PING + BLANK + NUL]


def test_silence() -> None:
    with heard(silent) as (port, received):
        answer = ask(port)
    assert (answer.ended, answer.recognised, answer.first_bytes) == (Ended.SILENT, None, "")
    assert bytes(received) == PING + BLANK + NUL + LENGTH_PREFIXED_PING


@pytest.mark.parametrize("handler", [closes, resets])
def test_it_ends_the_connection(handler: Handler) -> None:
    with listening(handler) as peer:
        answer = ask(peer.port, patience=1)
    assert (answer.ended, answer.recognised) == (Ended.CLOSED, None)


def test_nobody_is_there() -> None:
    answer = ask(closed_port())
    assert (answer.ended, answer.error) == (Ended.NO_CONNECTION, "ECONNREFUSED")


def test_who_speaks_first_is_asked_no_further() -> None:
    with heard(greets(b"SSH-2.0-x\r\n")) as (port, received):
        answer = ask(port, patience=1)
    assert dialect(answer) is Dialect.FOREIGN
    assert NUL not in received


def test_an_echo() -> None:
    with listening(echoes) as peer:
        assert dialect(ask(peer.port, patience=1)) is Dialect.FOREIGN


@pytest.mark.parametrize("pieces", [1, 2, 7, len(PONG)])
def test_pieces_make_no_difference(pieces: int) -> None:
    with listening(answers(PONG, pieces=pieces, then_close=True)) as peer:
        assert dialect(ask(peer.port)) is Dialect.MCP_FOR_BLENDER


@pytest.mark.parametrize(
    "reply", [b"garbage", b'{"a": "never closed', b"\xff" * 10, b'{"a":' * 5000, b"[" * 200_000, b"\x00\x00\x00"]
)
@pytest.mark.parametrize("then_close", [True, False])
def test_an_unknown_language(reply: bytes, then_close: bool) -> None:
    with listening(answers(reply, then_close=then_close)) as peer:
        answer = ask(peer.port)
    assert (answer.ended, dialect(answer)) == (Ended.ANSWERED, Dialect.UNKNOWN)
    assert answer.first_bytes


def test_endless_bytes_are_not_kept() -> None:
    def endless(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b'{"a": "')
        while True:
            connection.sendall(b"x" * 65536)

    with listening(endless) as peer:
        answer = ask(peer.port)
    assert dialect(answer) is Dialect.UNKNOWN
    assert len(answer.first_bytes) < 300
    assert len(answer.transcript) <= 40
    assert max(map(len, answer.transcript)) < 400


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b'{"status":"success","result":[1]}', '{"status":"success","result":[1]}'),
        (b'{"status":"success"}', '{"status":"success"}'),
        (b'{"status":"error","message":"no"}', "no"),
        (b'{"status":"error","message":5}', '{"status":"error","message":5}'),
        (b"garbage", "garbage"),
        (b"", "the connection was closed"),
    ],
)
def test_every_answer_about_the_version(reply: bytes, error: str) -> None:
    def handler(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(PONG)
        connection.recv(100)
        connection.sendall(reply)
        connection.shutdown(socket.SHUT_WR)
        silent(connection)

    with listening(handler) as peer:
        answer = ask(peer.port, patience=1)
    assert dialect(answer) is Dialect.MCP_FOR_BLENDER
    assert (answer.info, answer.info_error, answer.info_silent) == (None, error, False)


def test_silent_about_the_version() -> None:
    with listening(addon(busy_after_ping=True)) as peer:
        answer = ask(peer.port)
    assert answer.info_silent
    assert answer.info is None


def test_the_transcript_says_who_said_what() -> None:
    with listening(addon()) as peer:
        answer = ask(peer.port, patience=1)
    steps = [line.split("ms  ")[1] for line in answer.transcript]
    assert steps[:2] == ["connected", '→ {"type":"ping","params":{}}\\n']
    assert steps[2].startswith('← {"status": "success"')
    assert steps[3] == '→ {"type":"get_addon_info","params":{}}\\n'
    assert json.dumps(steps)


def test_the_connection_is_closed_when_it_is_cancelled() -> None:
    async def main(port: int) -> None:
        asking = asyncio.create_task(ask_bridge(Address(socket.AF_INET, ("127.0.0.1", port)), Ledger()))
        await asyncio.to_thread(heard_ping.wait, 20)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    heard_ping, ended = threading.Event(), threading.Event()

    def handler(connection: socket.socket) -> None:
        while connection.recv(100):
            heard_ping.set()
        ended.set()

    with listening(handler) as peer:
        asyncio.run(main(peer.port))
        assert ended.wait(20)
