# SPDX-License-Identifier: GPL-3.0-or-later
"""What is mended is what was meant; what may have been meant otherwise is left alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.json_mend import mend


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ('{"a": [1, 2,], }', '{"a": [1, 2] }'),
        ('{\r\n  "a": 1\r\n  "b": 2\r\n}', '{\r\n  "a": 1,\r\n  "b": 2\r\n}'),
        ('{"a": 1 // one\n}', '{"a": 1 \n}'),
        ('{"a": /* one */ 1}\n# end', '{"a":  1}\n'),
        ('{\n  // "b": 2,\n  "a": "http://x" // c\n}', '{\n  \n  "a": "http://x" \n}'),
        ("{“a”: “uvx”, 'b': 'c'}", '{"a": "uvx", "b": "c"}'),
        ('{"a”: 1}', '{"a": 1}'),
        ('{"a": "C:\\Users\\me\\new"}', '{"a": "C:\\\\Users\\\\me\\\\new"}'),
    ],
)
def test_certain(broken: str, mended: str) -> None:
    assert mend(broken) == mended
    json.loads(mended)


@pytest.mark.parametrize(
    "broken",
    [
        '{"a": 1}',
        "",
        "{",
        '{"a": 1}\n{"b": 2}',
        '{"a": 1 "b": 2}',
        '{"a": [1,,2]}',
        '{"a": None}',
        "{a: 1}",
        '{"a": #fff, "b": 1}',
        "{'a': 'it's'}",
        '{"a": "C:\\Users\\\\me"}',
        '{"a": "\\d+"}',
        '{"a": “x "y" z”}',
        "[" + "1 /**/," * 30 + "1]",
        '{"a": "' + "x" * 300_000 + '",}',
    ],
    ids=range(15),
)
def test_not_certain(broken: str) -> None:
    assert mend(broken) is None


def test_what_the_app_lets_pass_stays() -> None:
    assert mend('{"a": 1, // one\n}', comments=True) == '{"a": 1 // one\n}'
    assert mend('{"a": 1, // one\n}', comments=True, commas=True) is None


documents = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.integers(0, 9) | st.lists(st.sampled_from(["x", "//y", "#"])), min_size=1
)


@given(documents, st.data())
def test_a_comma_too_many_or_too_few(document: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(document, indent=1)
    places = [n for n, character in enumerate(text) if character in "}]" and text[n - 1] == "\n"]
    places += [n for n in range(len(text)) if text[n : n + 2] == ",\n"]
    at = data.draw(st.sampled_from(places or [len(text) - 1]))
    broken = text[:at] + text[at + 1 :] if text[at] == "," else f"{text[: at - 1]},{text[at - 1 :]}"
    mended = mend(broken)
    assert mended == text or (mended is not None and json.loads(mended) == document)
