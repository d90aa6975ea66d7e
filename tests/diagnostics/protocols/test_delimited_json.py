# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that end with NUL, or with a line end, from bytes in any cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols import line_json, nul_json
from diagnostics.protocols.delimited_json import DelimitedJson
from diagnostics.protocols.line_json import LineJson
from diagnostics.protocols.nul_json import NulJson

KINDS = pytest.mark.parametrize("kind", [NulJson, LineJson])


def read(kind: type[DelimitedJson], data: bytes, cut: int = 0) -> list[dict[str, object] | None]:
    reader = kind(limit=50)
    step = cut or len(data) or 1
    return [found for at in range(0, len(data), step) for found in reader.feed(data[at : at + step])]


@KINDS
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_objects(kind: type[DelimitedJson], cut: int) -> None:
    end = kind.delimiter
    assert read(kind, b'{"a": 1}' + end + b" {} " + end + b'{"b"', cut) == [{"a": 1}, {}]
    assert read(kind, b"[1]" + end + b"what" + end + end, cut) == [None, None, None]
    assert read(kind, b'{"a": "' + b"x" * 60 + b'"}' + end + b"{}" + end, cut) == [None, {}]
    assert read(kind, b"{}", cut) == []


def test_who_says_it() -> None:
    assert nul_json.is_refusal({"status": "error", "message": "Unknown request type: 'ping'"})
    assert not any(map(nul_json.is_refusal, [None, {}, {"status": "error", "message": 5}, {"status": "ok"}]))
    assert line_json.is_answer({"id": None, "success": False, "error": "x"})
    assert not any(map(line_json.is_answer, [None, {}, {"success": True}, {"id": 1, "success": "yes"}]))


@given(
    st.lists(st.sampled_from([b"{}", b'{"a":1}', b"\0", b"\n", b"x", b"\xff", b" "]), max_size=30), st.integers(1, 5)
)
def test_the_cut_does_not_matter(pieces: list[bytes], cut: int) -> None:
    data = b"".join(pieces)
    for kind in (NulJson, LineJson):
        assert read(kind, data) == read(kind, data, cut)
