# SPDX-License-Identifier: GPL-3.0-or-later
"""TOML with places: the values are `tomllib`'s, and each place is where the value is written."""

from __future__ import annotations

import json
import time
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.protocols.located_json import Node, plain, position
from diagnostics.protocols.located_toml import TomlSyntaxError, parse

CODEX = """model = "o3" # the model
notes = '''
[mcp_servers.fake]
command = "no"
'''

[mcp_servers."blender one"]
command = "uvx"
args = [
  "mcp-for-blender", # ]
  "x",
]
startup_timeout_sec = 20

[mcp_servers."blender one".env]
BLENDER_PORT = "9876"

[mcp_servers.two]
env = { A = "x", B = "y" }
enabled = false

[[list]]
a = 1
[[list]]
a.b = 2
"""


def at(root: Node, *path: str | int) -> Node:
    for step in path:
        assert isinstance(root.value, dict | list)
        root = root.value[step]  # type: ignore[index,call-overload]
    return root


@pytest.mark.parametrize(
    ("path", "line", "written"),
    [
        (("model",), 1, '"o3"'),
        (("mcp_servers", "blender one", "command"), 8, '"uvx"'),
        (("mcp_servers", "blender one", "args"), 9, '[\n  "mcp-for-blender", # ]\n  "x",\n]'),
        (("mcp_servers", "blender one", "env"), 15, '[mcp_servers."blender one".env]'),
        (("mcp_servers", "blender one", "env", "BLENDER_PORT"), 16, '"9876"'),
        (("mcp_servers", "two"), 18, "[mcp_servers.two]"),
        (("mcp_servers", "two", "env", "B"), 19, '{ A = "x", B = "y" }'),
        (("mcp_servers", "two", "enabled"), 20, "false"),
        (("list", 1, "a", "b"), 25, "2"),
    ],
)
def test_places(path: tuple[str | int, ...], line: int, written: str) -> None:
    node = at(parse(CODEX), *path)
    assert position(CODEX, node.start)[0] == line
    assert CODEX[node.start : node.end] == written


def test_values() -> None:
    assert plain(parse(CODEX)) == tomllib.loads(CODEX)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = \n", 2),
        ("[a\n", 1),
        ("a = 1\na = 2\n", 2),
        ('a = "x', 1),
        ("a = " + "[" * 2000, 1),
        ("a = 1\n\nb", 3),
    ],
)
def test_what_is_no_toml(text: str, line: int) -> None:
    with pytest.raises(TomlSyntaxError) as told:
        parse(text)
    assert told.value.line == line
    assert told.value.column >= 1


TABLES = st.recursive(
    st.text(max_size=8) | st.integers(-(2**40), 2**40) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


def written(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)} = {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def quoted(text: str) -> str:
    return json.dumps(text).replace("\x7f", "\\u007f") if text.isascii() else json.dumps("".join(map(hexed, text)))


def hexed(character: str) -> str:
    return character if character.isascii() else f"u{ord(character):x}"


@given(st.dictionaries(st.text(max_size=6), TABLES, max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_file(table: dict[str, object]) -> None:
    text = "".join(f"{quoted(key)} = {written(value)}\n" for key, value in table.items())
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # two keys became one
        return
    root = parse(text)
    assert plain(root) == expected
    for number, key in enumerate(expected):
        node = at(root, key)
        assert position(text, node.start)[0] == number + 1
        assert tomllib.loads(f"x = {text[node.start : node.end]}")["x"] == expected[key]


@given(st.integers(0, len(CODEX)), st.text(alphabet="[]{}\"'=.#\n a\\", max_size=4))
@settings(max_examples=200, deadline=None)
def test_mutations_never_raise_anything_else(place: int, inserted: str) -> None:
    text = CODEX[:place] + inserted + CODEX[place + 1 :]
    try:
        assert plain(parse(text)) == tomllib.loads(text)
    except TomlSyntaxError:
        with pytest.raises(tomllib.TOMLDecodeError):
            tomllib.loads(text)


def test_it_is_linear() -> None:
    text = "".join(f'[mcp_servers.s{number}]\ncommand = "uvx"\n' for number in range(5000))
    began = time.perf_counter()
    parse(text)
    assert time.perf_counter() - began < 2
