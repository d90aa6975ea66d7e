# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from outside is bounded, and steers neither a terminal nor a reader's eye."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.text import clean, one_line, shown_bytes

anything = st.text(st.characters(exclude_categories=[])) | st.text(st.sampled_from("\r\n\t\x1b\x07\u202ea\u0301\ud800"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x1b]52;c;eA==\x07", "\\x1b]52;c;eA==\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("\u200bzero", "\\u200bzero"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\x00\x7f", "\\x00\\x7f"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("back\rover", "back\\x0dover"),
        ("Zürich 日本 עברית 🐵", "Zürich 日本 עברית 🐵"),
    ],
)
def test_what_becomes_of_it(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(anything)
def test_nothing_unsafe_is_left(text: str) -> None:
    for letter in clean(text):
        assert letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cs"}
        assert unicodedata.bidirectional(letter) not in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    clean(text).encode()


@given(anything, st.integers(1, 50))
def test_it_is_bounded(text: str, limit: int) -> None:
    # Each character becomes at most ten (\\U000e0041), and a mark says that it was cut.
    assert len(clean(text, limit)) <= 10 * limit + 2
    assert len(one_line(text, limit)) <= 10 * limit + 2


@given(anything)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text), 10**6) == clean(text)


@given(anything)
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert "\t" not in one_line(text)


def test_a_cut_is_marked() -> None:
    assert clean("x" * 11, 10) == "x" * 10 + " …"
    assert clean("x" * 10, 10) == "x" * 10
    assert len(clean("x" * 10**6)) == 2002


def test_rows_of_combining_marks_are_cut() -> None:
    assert len(clean("Z" + "\u0301" * 500)) <= 3
    assert clean("e\u0301a\u0323\u0302") == "e\u0301a\u0323\u0302"


@given(st.binary(max_size=200))
def test_bytes_are_shown_as_printable_ascii(data: bytes) -> None:
    shown = shown_bytes(data)
    assert all(32 <= ord(letter) < 127 for letter in shown.removesuffix("…"))
    assert shown.endswith("…") == (len(data) > 60)


@pytest.mark.parametrize(
    ("data", "shown"), [(b"a\r\n", "a\\r\\n"), (b"\x1b\x00\xff", "\\x1b\\x00\\xff"), (b"\\n", "\\\\n"), (b"", "")]
)
def test_bytes(data: bytes, shown: str) -> None:
    assert shown_bytes(data) == shown


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_different_bytes_look_different(one: bytes, other: bytes) -> None:
    assert (shown_bytes(one) == shown_bytes(other)) == (one == other)
