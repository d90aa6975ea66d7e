# SPDX-License-Identifier: GPL-3.0-or-later
"""A JSON text that is changed at one place: it then says exactly that, and every other character is as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols import json_edit
from diagnostics.protocols.bracketed import EditError
from diagnostics.protocols.located_json import parse, plain

ENTRY = {"command": "/usr/bin/uvx", "args": ["mcp-for-blender"]}


@pytest.mark.parametrize(
    ("before", "at", "value", "after"),
    [
        ('{"a": "uvx"}', ["a"], "/b c", '{"a": "/b c"}'),
        ('{\r\n\t"a" : "uvx" ,\r\n\t"b":1}', ["a"], "é", '{\r\n\t"a" : "é" ,\r\n\t"b":1}'),
        ('{"a": 1}', ["b"], [1, "x"], '{"a": 1, "b": [1, "x"]}'),
        ("{}", ["b"], 1, '{\n  "b": 1\n}'),
        ("{ }\n", ["a", "b"], "c", '{\n  "a": {\n    "b": "c"\n  }\n}\n'),
        ('{\n    "a": {}\n}', ["a", "b"], 1, '{\n    "a": {\n        "b": 1\n    }\n}'),
        ('{\n\t"a": 1 // one\n}', ["b"], 2, '{\n\t"a": 1, // one\n\t"b": 2\n}'),
        ('{\n  "a": 1, // one\n}', ["b"], 2, '{\n  "a": 1, // one\n  "b": 2,\n}'),
        ("{\n  // none\n}", ["b"], 2, '{\n  "b": 2\n  // none\n}'),
        ('{"a": [1, 2]}', ["a", 1], "x", '{"a": [1, "x"]}'),
        ('{"a": 1, "a": 2}', ["a"], 3, '{"a": 1, "a": 3}'),
        ('{"a": 1, "a": 2}', ["b"], 3, '{"a": 1, "a": 2, "b": 3}'),
    ],
)
def test_set(before: str, at: list[str | int], value: object, after: str) -> None:
    assert json_edit.set_value(before, at, value) == after


@pytest.mark.parametrize(
    ("before", "number", "after"),
    [
        ("[]", 0, '["n"]'),
        ("[1, 2]", 0, '["n", 1, 2]'),
        ("[1, 2]", 2, '[1, 2, "n"]'),
        ("[1, 2, ]", 2, '[1, 2, "n" ]'),
        ("[\n  1, // one\n  2 /* two */\n]", 2, '[\n  1, // one\n  2, /* two */\n  "n"\n]'),
        ("[\r\n  1,\r\n  2\r\n]", 1, '[\r\n  1,\r\n  "n",\r\n  2\r\n]'),
    ],
)
def test_insert(before: str, number: int, after: str) -> None:
    assert json_edit.insert_item(before, [], number, "n") == after


@pytest.mark.parametrize(
    ("before", "at", "after"),
    [
        ('{"a": 1}', ["a"], "{}"),
        ('{"a": 1, "b": 2}', ["a"], '{"b": 2}'),
        ('{"a": 1, "b": 2}', ["b"], '{"a": 1}'),
        ('{\n  "a": 1,\n  "b": 2\n}', ["a"], '{\n  "b": 2\n}'),
        ('{\n  "a": 1,\n  "b": 2\n}', ["b"], '{\n  "a": 1\n}'),
        ('{\n  "a": 1, // one\n  "b": 2\n}', ["b"], '{\n  "a": 1 // one\n}'),
        ('{\n  "a": 1,\n  // of b\n  "b": 2,\n}', ["b"], '{\n  "a": 1,\n  // of b\n}'),
        ('{\r\n  "a": [1,\r\n 2]\r\n}', ["a", 0], '{\r\n  "a": [\r\n 2]\r\n}'),
        ('{\n  "a": {\n    "b": 1\n  }\n}', ["a", "b"], '{\n  "a": {}\n}'),
    ],
)
def test_remove(before: str, at: list[str | int], after: str) -> None:
    assert json_edit.remove(before, at) == after


def test_rename() -> None:
    assert json_edit.rename('{"a" : {"\\u0062": 1}}', ["a", "b"], "c") == '{"a" : {"c": 1}}'


@pytest.mark.parametrize("at", [["x"], ["a", "x"], ["a", 0], ["l", 7], ["l", "x"]])
def test_what_is_not_there(at: list[str | int]) -> None:
    text = '{"a": 1, "l": []}'
    with pytest.raises(EditError):
        json_edit.remove(text, at)
    with pytest.raises(EditError):
        json_edit.rename(text, at, "y")
    with pytest.raises(EditError):
        json_edit.insert_item(text, at, 0, 1)
    if at != ["x"]:
        with pytest.raises(EditError):
            json_edit.set_value(text, at, 1)


scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.text(max_size=3), values, max_size=4)


@st.composite
def written(draw: st.DrawFn) -> tuple[Any, str]:
    """A document and one of the ways in which people write it, with comments and commas where editors allow them."""
    document = draw(documents)
    noise = st.sampled_from(["", "", " ", "\n", "\r\n\t", ' /* , ] } " */ ', ' // , ] } "\n', "\n  "])

    def write(value: object) -> str:
        if isinstance(value, dict):
            inner = ",".join(f"{draw(noise)}{json.dumps(k)}{draw(noise)}:{write(v)}" for k, v in value.items())
            comma = "," if value and draw(st.booleans()) else ""
            return f"{{{inner}{draw(noise)}{comma}{draw(noise)}}}"
        if isinstance(value, list):
            inner = ",".join(f"{draw(noise)}{write(v)}{draw(noise)}" for v in value)
            return f"[{inner}{draw(noise)}]"
        return f"{draw(noise)}{json.dumps(value, ensure_ascii=draw(st.booleans()))}"

    return document, write(document).lstrip()


def places(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [at]
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += places(child, (*at, key))
    return found


def read(text: str) -> object:
    return plain(parse(text, comments=True, commas=True))


def changed(document: object, at: tuple[str | int, ...], how: Any) -> Any:
    copy = json.loads(json.dumps(document))
    parent = copy
    for key in at[:-1]:
        parent = parent[key]
    how(parent, at[-1])
    return copy


def outside(before: str, after: str) -> tuple[int, int]:
    """How many characters at both ends are the same."""
    head = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    tail = next(
        (n for n, (a, b) in enumerate(zip(before[head:][::-1], after[head:][::-1], strict=False)) if a != b),
        min(len(before), len(after)) - head,
    )
    return head, tail


@given(written(), st.data())
def test_a_value_is_set_and_nothing_else(made: tuple[Any, str], data: st.DataObject) -> None:
    document, text = made
    at = data.draw(st.sampled_from([one for one in places(document) if one] or [("new",)]))
    new = data.draw(st.sampled_from(["uvx", ["a", 1], {"k": ["v"]}, True]))
    edited = json_edit.set_value(text, at, new)
    assert read(edited) == changed(document, at, lambda parent, key: parent.__setitem__(key, new))
    node = json_edit.node_at(parse(text, comments=True, commas=True), at)
    if node is not None:
        assert edited.startswith(text[: node.start])
        assert edited.endswith(text[node.end :])


@given(written(), st.data())
def test_a_member_is_added_and_nothing_else(made: tuple[Any, str], data: st.DataObject) -> None:
    document, text = made
    parents = [one for one in places(document) if isinstance(_at(document, one), dict)]
    at = (*data.draw(st.sampled_from(parents)), "brand new")
    edited = json_edit.set_value(text, at, ENTRY)
    assert read(edited) == changed(document, at, lambda parent, key: parent.__setitem__(key, ENTRY))
    assert _is_part(text, edited)


@given(written(), st.data())
def test_an_item_is_inserted_and_nothing_else(made: tuple[Any, str], data: st.DataObject) -> None:
    document, text = made
    lists = [one for one in places(document) if isinstance(_at(document, one), list)]
    if not lists:
        return
    at = data.draw(st.sampled_from(lists))
    number = data.draw(st.integers(0, len(_at(document, at))))
    edited = json_edit.insert_item(text, at, number, "--with")
    assert read(edited) == changed(document, (*at, number), lambda parent, key: parent.insert(key, "--with"))
    assert _is_part(text, edited)


@given(written(), st.data())
def test_something_is_removed_and_nothing_else(made: tuple[Any, str], data: st.DataObject) -> None:
    document, text = made
    found = [one for one in places(document) if one]
    if not found:
        return
    at = data.draw(st.sampled_from(found))
    edited = json_edit.remove(text, at)
    assert read(edited) == changed(document, at, lambda parent, key: parent.__delitem__(key))
    assert _is_part(edited, text)


@given(written(), st.data())
def test_a_member_is_renamed_and_nothing_else(made: tuple[Any, str], data: st.DataObject) -> None:
    document, text = made
    found = [one for one in places(document) if one and isinstance(one[-1], str)]
    if not found:
        return
    at = data.draw(st.sampled_from(found))
    edited = json_edit.rename(text, at, "brand new")

    def how(parent: Any, key: Any) -> None:
        parent["brand new"] = parent.pop(key)

    assert read(edited) == changed(document, at, how)
    head, tail = outside(text, edited)
    assert len(text) - head - tail <= len(json.dumps(at[-1]))


def _at(document: Any, at: tuple[str | int, ...]) -> Any:
    for key in at:
        document = document[key]
    return document


def _is_part(short: str, long: str) -> bool:
    """Whether the longer text is the shorter one with something added, white space aside."""
    rest = iter("".join(long.split()))
    return all(character in rest for character in "".join(short.split()))
