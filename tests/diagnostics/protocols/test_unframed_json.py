# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a JSON object in a stream without frames, in whatever pieces it comes."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diagnostics.protocols.unframed_json import MAX_DEPTH, UnframedJson, decode_object

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.text(), values, max_size=5)
hostile = st.binary(max_size=80) | st.lists(st.sampled_from([b"{", b"}", b"[", b"]", b'"', b"\\", b"a", b"\0"])).map(
    b"".join
)


def fed(data: bytes, *cuts: int, limit: int = 65536) -> UnframedJson:
    answer = UnframedJson(limit)
    at = 0
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        answer.feed(data[at:cut])
        at = cut
    return answer


def state(answer: UnframedJson) -> tuple[object, ...]:
    return answer.complete, answer.rest, answer.value(), answer.overflowed, bytes(answer.received)


@given(objects, st.binary(max_size=10), st.lists(st.integers(0, 10**6), max_size=8), st.booleans())
def test_an_object_ends_where_it_ends(value: dict[str, object], rest: bytes, cuts: list[int], ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "replace")
    answer = fed(b" \r\n" + data + rest, *cuts)
    assert answer.complete
    assert answer.value() == json.loads(data)
    assert answer.rest == rest


@given(objects)
def test_it_is_not_complete_before(value: dict[str, object]) -> None:
    answer = UnframedJson()
    for byte in json.dumps(value).encode():
        assert not answer.complete
        assert answer.value() is None
        answer.feed(bytes([byte]))
    assert answer.complete


@given(hostile | hostile.map(lambda data: b'{"a":' + data), st.lists(st.integers(0, 10**6), max_size=8))
def test_pieces_make_no_difference(data: bytes, cuts: list[int]) -> None:
    assert state(fed(data, *cuts)) == state(fed(data))
    assert state(fed(data, *range(len(data)))) == state(fed(data))


@example(b"{}\x00", [2], 2)
@example(b"{}\x00", [], 2)
@given(hostile, st.lists(st.integers(0, 10**6), max_size=8), st.integers(1, 30))
def test_no_more_is_kept_than_allowed(data: bytes, cuts: list[int], limit: int) -> None:
    answer = fed(data, *cuts, limit=limit)
    assert bytes(answer.received) == data[:limit]
    assert answer.overflowed == (len(data) > limit and not fed(data[:limit]).complete)
    assert state(answer) == state(fed(data, limit=limit))


@given(st.binary(max_size=60))
def test_decoding_never_raises(data: bytes) -> None:
    value = decode_object(data)
    assert value is None or isinstance(value, dict)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1]",
        b"1",
        b'"a"',
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_what_is_no_object(data: bytes) -> None:
    assert decode_object(data) is None


def test_brackets_in_texts_are_not_nested() -> None:
    assert decode_object(json.dumps({"a": '[{"' * 1000}).encode()) == {"a": '[{"' * 1000}


@pytest.mark.parametrize(("depth", "taken"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
def test_how_deep_it_may_be(depth: int, taken: bool) -> None:
    assert (decode_object(b'{"a":' * depth + b"1" + b"}" * depth) is not None) == taken


def test_what_is_no_object_never_starts() -> None:
    for data in (b"[{}]", b"\0{}", b"HTTP/1.1 200 OK\r\n\r\n{}"):
        answer = fed(data)
        assert (answer.complete, answer.value()) == (False, None)


def test_an_escape_may_be_cut_in_two() -> None:
    assert fed(b'{"a": "\\"}"}', 8).value() == {"a": '"}'}


def test_an_endless_text_is_read_once() -> None:
    # Quadratic work over 16 MiB in pieces of 1 KiB would run into the time limit of the test.
    answer = UnframedJson(limit=1 << 24)
    answer.feed(b'{"a": "')
    for _ in range(1 << 14):
        answer.feed(b"x" * 1023 + b"{")
    assert not answer.complete
