# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages with their length before them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.length_prefixed import LengthPrefixed, framed


def read(data: bytes, cut: int = 0) -> LengthPrefixed:
    message = LengthPrefixed()
    for at in range(0, len(data), cut or len(data) or 1):
        message.feed(data[at : at + (cut or len(data))])
    return message


@pytest.mark.parametrize("cut", [0, 1, 5])
def test_a_message(cut: int) -> None:
    message = read(framed(b'{"status": "ok"}') + b"rest", cut)
    assert (message.complete, message.broken, message.value()) == (True, False, {"status": "ok"})


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0", b"\0\0\0\x10", framed(b'{"a": 1}')[:-1]])
def test_what_is_not_whole(data: bytes) -> None:
    message = read(data)
    assert (message.complete, message.broken, message.value()) == (False, False, None)


@pytest.mark.parametrize(
    "data", [b"{", b'{"status"', b"HTTP/1.1 400", b"\0\0\0\0", b"\0\0\0\x05hello", b"\x7f\xff\xff\xff{"]
)
def test_what_is_something_else(data: bytes) -> None:
    assert read(data).broken
    assert read(data).value() is None


def test_a_broken_content() -> None:
    message = read(framed(b'{"a": }'))
    assert message.complete
    assert message.value() is None


@given(
    st.one_of(st.binary(max_size=60), st.dictionaries(st.text(), st.text()).map(json.dumps).map(str.encode).map(framed))
)
def test_the_cut_does_not_matter(data: bytes) -> None:
    whole, pieces = read(data), read(data, 1)
    assert (whole.complete, whole.broken, whole.value()) == (pieces.complete, pieces.broken, pieces.value())
