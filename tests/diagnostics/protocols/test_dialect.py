# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers at a port, by its first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.dialect import GET_ADDON_INFO, NUL, PING, Dialect, Recognised, recognise
from diagnostics.protocols.unframed_json import UnframedJson


def told(data: bytes, *, sent: bytes = PING, ended: bool = False) -> Recognised | None:
    answer = UnframedJson()
    answer.feed(data)
    return recognise(answer, sent, ended=ended)


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        (b'{"status":"success","result":{"pong":true}}', Dialect.MCP_FOR_BLENDER),
        (b'{"status":"error","message":"Unknown command type: ping"}', Dialect.MCP_FOR_BLENDER),
        (b'{"status":"error","message":"Unknown request type: \'ping\'"}\0', Dialect.BLENDER_LAB),
        (b'{"status": "error", "message": "Client timed out"}\0', Dialect.BLENDER_LAB),
        (b'{"id":null,"success":false,"error":"Invalid JSON: x"}\n', Dialect.DJEADA),
        (b'\x00\x00\x00\x10{"status":"ok"}', Dialect.LENGTH_PREFIXED),
        (b'{"status":"success","result":{}}', Dialect.BROKEN),
        (b'{"status":"error","message":5}', Dialect.BROKEN),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', Dialect.UNKNOWN),
        (b"{}", Dialect.UNKNOWN),
        (b"{]}", Dialect.UNKNOWN),
    ],
)
def test_bridges(data: bytes, dialect: Dialect) -> None:
    recognised = told(data)
    assert recognised is not None
    assert recognised.dialect is dialect


def test_the_generations_are_told_apart() -> None:
    assert told(b'{"status":"success","result":{"pong":true}}').knows_ping  # type: ignore[union-attr]
    assert not told(b'{"status":"error","message":"Unknown command type: ping"}').knows_ping  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("data", "program"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP"),
        (b"\r\nHTTP/1.0 200 OK\r\n", "HTTP"),
        (b"<!DOCTYPE HTML>\n<html>", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "SSH"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "TLS"),
        (b"220 mx.example ESMTP Exim\r\n", "SMTP"),
        (b"220 ready\r\n", "FTP"),
        (b"-ERR unknown command '{'\r\n", "Redis"),
        (b"-NOAUTH Authentication required.\r\n", "Redis"),
        (b"RFB 003.008\n", "VNC"),
        (b"I\x00\x00\x00\x0a5.7.0\x00", "MySQL"),
        (b"E\x00\x00\x00\x8cSFATAL\x00", "PostgreSQL"),
        (b"* OK ready\r\n", "IMAP"),
        (PING, "echo"),
        (PING + NUL, "echo"),
    ],
)
def test_other_programs(data: bytes, program: str) -> None:
    recognised = told(data, sent=PING + NUL)
    assert recognised is not None
    assert recognised.dialect is Dialect.FOREIGN
    assert program in recognised.program


@pytest.mark.parametrize(
    "data", [b"", b"H", b"HTT", b"SSH", b"2", b"\x16", b'{"sta', b'{"type":"ping"', b"\x00\x00\x00", b"garbage"]
)
def test_it_waits_while_more_could_tell(data: bytes) -> None:
    assert told(data) is None


@pytest.mark.parametrize("data", [b"H", b'{"sta', b"garbage", b"\x00\x00\x00"])
def test_nothing_more_comes(data: bytes) -> None:
    assert told(data, ended=True) == Recognised(Dialect.UNKNOWN)


def test_silence_is_no_language() -> None:
    assert told(b"", ended=True) is None


def test_too_much_is_no_language() -> None:
    assert told(b'{"a": "' + b"x" * 100_000) == Recognised(Dialect.UNKNOWN)


@given(st.binary(max_size=120), st.booleans(), st.sampled_from([PING, PING + NUL]))
def test_any_answer(data: bytes, ended: bool, sent: bytes) -> None:
    recognised = told(data, sent=sent, ended=ended)
    assert recognised is not None or not ended or not data
    if recognised is not None and recognised.dialect is Dialect.FOREIGN:
        assert recognised.program


@given(st.binary(min_size=1, max_size=60), st.integers(0, 60))
def test_once_recognised_it_stays_so(data: bytes, cut: int) -> None:
    early = told(data[:cut])
    if early is not None and early.dialect not in {Dialect.UNKNOWN, Dialect.FOREIGN}:
        late = told(data)
        assert late is not None
        assert late.dialect is early.dialect


@pytest.mark.parametrize("data", [PING, GET_ADDON_INFO])
def test_what_is_sent_is_one_json_object_on_a_line(data: bytes) -> None:
    answer = UnframedJson()
    answer.feed(data)
    assert answer.rest == b"\n"
    assert answer.value()["type"] in {"ping", "get_addon_info"}  # type: ignore[index]
