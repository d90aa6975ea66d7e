# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON-RPC lines: any bytes, in any chunks, give the same messages and never an exception."""

from __future__ import annotations

import itertools
import json
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.protocols import jsonrpc
from diagnostics.protocols.jsonrpc import (
    LINE_LIMIT,
    Batch,
    ErrorResponse,
    LineReader,
    Message,
    Noise,
    NoiseKind,
    Notification,
    Request,
    Response,
)

K = NoiseKind

PIECES = st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b" ",
        b"\r",
        b'{"jsonrpc":"2.0","id":1,"result":{}}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping"}',
        b'{"jsonrpc":"2.0","method":"x"}',
        b'{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}}',
        b"INFO starting",
        b"{",
        b"}",
        b"[1]",
        b"\xff",
        b"\xc3",
        b"\xa9",
        b"\xef\xbb\xbf",
        b"\x1b[31m",
        b"NaN",
        b"\x00",
        b"{" * 3000,
        b"9" * 5000,
        b'"\\ud800"',
    ]
)
STREAMS = st.lists(PIECES | st.binary(max_size=10), max_size=20).map(b"".join)


def read(chunks: list[bytes]) -> list[Message]:
    reader = LineReader()
    messages = [message for chunk in chunks for message in reader.feed(chunk)]
    return messages + reader.end()


def one(line: bytes) -> Message:
    (message,) = LineReader().feed(line + b"\n")
    return message


@given(STREAMS, st.lists(st.integers(0, 20000), max_size=10))
@settings(max_examples=500)
def test_chunks_make_no_difference(stream: bytes, cuts: list[int]) -> None:
    bounds = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    chunks = [stream[a:b] for a, b in itertools.pairwise(bounds)]
    assert read(chunks) == read([stream])


@given(STREAMS)
def test_bytes_one_by_one_make_no_difference(stream: bytes) -> None:
    stream = stream[:4000]
    assert read([stream[at : at + 1] for at in range(len(stream))]) == read([stream])


@given(STREAMS)
def test_noise_is_bounded_and_safe_to_show(stream: bytes) -> None:
    for message in read([stream]):
        if isinstance(message, Noise):
            assert len(message.text) <= jsonrpc.NOISE_CHARACTERS
            assert "\x1b" not in message.text
            message.text.encode()


IDS = st.integers() | st.text()
PARAMS = st.none() | st.dictionaries(st.text(), st.integers() | st.text())


@given(IDS, st.text(), PARAMS)
def test_what_is_encoded_is_read_back(identity: int | str, method: str, params: dict[str, object] | None) -> None:
    line = jsonrpc.encode(jsonrpc.request(identity, method, params))
    assert line.count(b"\n") == 1
    assert one(line[:-1]) == Request(identity, method, params)
    assert one(jsonrpc.encode(jsonrpc.notification(method, params))[:-1]) == Notification(method, params)
    assert one(jsonrpc.encode(jsonrpc.response(identity, {"a": 1}))[:-1]) == Response(identity, {"a": 1})
    refusal = one(jsonrpc.encode(jsonrpc.error_response(identity, -1, method))[:-1])
    assert refusal == ErrorResponse(identity, -1, method)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"jsonrpc":"2.0","id":1.0,"result":null}', Response(1, None)),
        (b' {"jsonrpc":"2.0","id":"a","result":[]} \r', Response("a", [])),
        (
            b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x","data":1}}',
            ErrorResponse(None, -32700, "x", 1),
        ),
        (b'{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}', ErrorResponse(None, -32700, "x")),
        (b'{"jsonrpc":"2.0","method":"m","params":{"a":1}}', Notification("m", {"a": 1})),
    ],
)
def test_messages(line: bytes, expected: Message) -> None:
    assert one(line) == expected


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"INFO: starting", K.NOT_JSON),
        (b"{'a': 1}", K.NOT_JSON),
        (b'{"jsonrpc":"2.0","id":1,"result":NaN}', K.NOT_JSON),
        (b'{"jsonrpc":"2.0","id":1,"result":{}} trailing', K.NOT_JSON),
        (b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"result":{}}', K.NOT_JSON),
        (b"[" * 500_000, K.NOT_JSON),
        (b'{"a":' * 200_000, K.NOT_JSON),
        (b'{"jsonrpc":"2.0","id":1,"result":"\xff"}', K.NOT_UTF8),
        (b"null", K.NOT_JSONRPC),
        (b"9" * 5000, K.NOT_JSONRPC),
        (b'[{"jsonrpc":"2.0","id":1,"result":{}},1]', K.NOT_JSONRPC),
        (b"[" + b",".join([b'{"jsonrpc":"2.0","method":"m"}'] * 101) + b"]", K.NOT_JSONRPC),
        (b'{"id":1,"result":{}}', K.NOT_JSONRPC),
        (b'{"jsonrpc":2.0,"id":1,"result":{}}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":1}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","result":{}}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":true,"result":{}}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":1.5,"result":{}}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":1e999,"result":{}}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":1,"result":{},"error":null}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":1,"error":"x"}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":"x"}}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":[],"error":{"code":1,"message":"x"}}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":null,"method":"m"}', K.NOT_JSONRPC),
        (b'{"jsonrpc":"2.0","id":1,"method":"m","result":{}}', K.NOT_JSONRPC),
    ],
)
def test_noise(line: bytes, kind: NoiseKind) -> None:
    message = one(line)
    assert isinstance(message, Noise)
    assert message.kind is kind


def test_deep_nesting_in_a_thread() -> None:
    kinds: list[NoiseKind] = []

    def work() -> None:
        for line in (b"[" * 1_000_000, b'{"a":' * 200_000):
            message = one(line)
            assert isinstance(message, Noise)
            kinds.append(message.kind)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert kinds == [K.NOT_JSON, K.NOT_JSON]


def test_empty_lines_are_skipped() -> None:
    assert read([b"\n\r\n  \n\t\r\n"]) == []


def test_the_longest_line_is_a_message() -> None:
    frame = b'{"jsonrpc":"2.0","method":"%s"}'
    longest = frame % (b"m" * (LINE_LIMIT - len(frame) + 2))
    assert len(longest) == LINE_LIMIT
    assert isinstance(one(longest), Notification)
    too_long = one(longest + b" ")
    assert isinstance(too_long, Noise)
    assert too_long.kind is K.TOO_LONG
    assert too_long.text.startswith('{"jsonrpc"')


def test_after_a_line_too_long_comes_the_next() -> None:
    messages = read([b"x" * (LINE_LIMIT * 3), b"yy", b'\n{"jsonrpc":"2.0","method":"m"}\n'])
    assert [type(message) for message in messages] == [Noise, Notification]


def test_the_rest_of_the_stream_is_noise() -> None:
    reader = LineReader()
    assert reader.feed(b'{"jsonrpc":"2.0","id":1,"result":{}}') == []
    (rest,) = reader.end()
    assert isinstance(rest, Noise)
    assert rest.kind is K.UNTERMINATED
    assert reader.end() == []


def test_endless_line_takes_bounded_memory_and_linear_time() -> None:
    reader = LineReader()
    chunk = b"x" * 65536
    began = time.process_time()
    messages = [message for _ in range(4096) for message in reader.feed(chunk)]
    assert time.process_time() - began < 5
    assert len(messages) == 1
    assert len(reader._line) <= LINE_LIMIT


def test_encoded_lines_are_ascii() -> None:
    line = jsonrpc.encode(jsonrpc.notification("é\ud800\n\u2028"))
    assert line.isascii()
    assert json.loads(line)["method"] == "é\ud800\n\u2028"


def test_a_list_of_messages_is_a_batch() -> None:
    message = one(b'[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","method":"m"}]')
    assert isinstance(message, Batch)
    assert message.messages == (Response(1, {}), Notification("m"))
    assert message.text.startswith('[{"jsonrpc"')
