# SPDX-License-Identifier: GPL-3.0-or-later
"""A TOML file that is changed at one place: it then says exactly that, and every other character is as it was."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols import toml_edit
from diagnostics.protocols.bracketed import EditError
from diagnostics.protocols.located_toml import TomlSyntaxError

CODEX = """# mine
model = "gpt" # best

[mcp_servers.blender]
command = "uvx"   # found by the shell
args = [
  "--with", # a comment, with a comma
  "mcp-for-blender",
]

[mcp_servers.blender.env]
BLENDER_PORT = "9988"

[mcp_servers.other]
command = 'C:\\other'
env = { A = "1", "b c" = [2, "x, y"] }
"""
B = ("mcp_servers", "blender")


@pytest.mark.parametrize(
    ("at", "value", "old", "new"),
    [
        ((*B, "command"), "/a b", '"uvx"   #', '"/a b"   #'),
        ((*B, "args", 1), "newer", '"mcp-for-blender"', '"newer"'),
        ((*B, "env", "BLENDER_PORT"), "1", '"9988"', '"1"'),
        ((*B, "env", "BLENDER_HOST"), "h", '"9988"\n', '"9988"\nBLENDER_HOST = "h"\n'),
        ((*B, "enabled"), True, '",\n]\n', '",\n]\nenabled = true\n'),
        (("mcp_servers", "other", "env", "b c", 1), "z", '"x, y"', '"z"'),
        (("mcp_servers", "other", "env", "N"), "z", '"x, y"] }', '"x, y"], N = "z" }'),
        (("mcp_servers", "new"), {"command": "c", "args": ("d",)}, "", ""),
    ],
)
def test_set(at: tuple[str | int, ...], value: Any, old: str, new: str) -> None:
    edited = toml_edit.set_value(CODEX, at, value)
    wanted = CODEX.replace(old, new) if old else CODEX + '\n[mcp_servers.new]\ncommand = "c"\nargs = ["d"]\n'
    assert edited == wanted
    assert toml_edit.set_value(CODEX.replace("\n", "\r\n"), at, value) == wanted.replace("\n", "\r\n")


def test_set_where_there_is_no_table() -> None:
    text = '[mcp_servers.a]\n  command = "x"'
    env = toml_edit.set_value(text, ("mcp_servers", "a", "env", "P"), "1")
    assert env == '[mcp_servers.a]\n  command = "x"\n  env = { P = "1" }'
    assert toml_edit.set_value("", ("mcp_servers", "a"), {"c": 1}) == "[mcp_servers.a]\nc = 1\n"
    dotted = '[mcp_servers.a]\nenv.A = "x"\n'
    assert toml_edit.set_value(dotted, ("mcp_servers", "a", "env", "B"), "y") == dotted + 'env.B = "y"\n'
    with pytest.raises(EditError):
        toml_edit.set_value("a = 1\n", ("a", "b"), 1)
    with pytest.raises(TomlSyntaxError):
        toml_edit.set_value("a = \n", ("a",), 1)


@pytest.mark.parametrize(
    ("at", "gone"),
    [
        ((*B, "command"), 'command = "uvx"   # found by the shell\n'),
        ((*B, "args", 0), '"--with", '),
        (("mcp_servers", "other", "env", "A"), 'A = "1", '),
        (("mcp_servers", "other", "env", "b c", 0), "2, "),
        ((*B, "env"), '[mcp_servers.blender.env]\nBLENDER_PORT = "9988"\n'),
    ],
)
def test_remove(at: tuple[str | int, ...], gone: str) -> None:
    assert toml_edit.remove(CODEX, at) == CODEX.replace(gone, "")


def test_remove_a_server() -> None:
    edited = toml_edit.remove(CODEX, B)
    assert tomllib.loads(edited)["mcp_servers"].keys() == {"other"}
    assert edited.startswith(CODEX[: CODEX.index("[mcp_servers.blender]")])
    assert edited.endswith(CODEX[CODEX.index("[mcp_servers.other]") :])


def test_insert() -> None:
    edited = toml_edit.insert_item(CODEX, (*B, "args"), 1, "mcp<2")
    assert edited == CODEX.replace('  "mcp-for', '  "mcp<2",\n  "mcp-for')
    assert toml_edit.insert_item("a = []", ("a",), 0, "x") == 'a = ["x"]'
    with pytest.raises(EditError):
        toml_edit.insert_item(CODEX, (*B, "env"), 0, "x")


def test_rename() -> None:
    wrong = CODEX.replace("mcp_servers", "mcpServers")
    assert toml_edit.rename(wrong, ("mcpServers",), "mcp_servers") == CODEX
    assert toml_edit.rename(CODEX, (*B, "command"), "a b") == CODEX.replace("command =", '"a b" =', 1)
    with pytest.raises(EditError):
        toml_edit.rename(CODEX, ("x",), "y")


names = st.sampled_from(["a", "b-c", "d e", "é", '"', "f.g"])
scalars = st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", "a, b", "]", "}", '"', "#", "'", "\\", "\x7f"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
tables = st.dictionaries(names, st.dictionaries(names, values, max_size=3), min_size=1, max_size=3)


@st.composite
def written(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """Servers, as Codex keeps them, in one of the ways in which people write them."""
    document = draw(tables)
    gap = st.sampled_from(["", " ", "\n  ", " # , ] } \" '\n"])

    def write(value: object) -> str:
        if isinstance(value, list):
            inner = ",".join(f"{draw(gap)}{write(item)}{draw(gap)}" for item in value)
            return f"[{inner}{',' if value and draw(st.booleans()) else ''}{draw(gap)}]"
        if isinstance(value, str) and draw(st.booleans()) and "'" not in value and "\x7f" not in value:
            return f"'{value}'"
        return toml_edit.written(value)

    lines = ["# top"]
    for name, members in document.items():
        lines += ["", f"[ servers . {json.dumps(name)} ] # of it"]
        lines += [f"{draw(st.sampled_from(['', '  ']))}{json.dumps(k)}={write(v)} # c" for k, v in members.items()]
    return {"servers": document}, "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n# end\n"]))


def members(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(server, name) for server, table in document["servers"].items() for name in table]


@given(written(), st.data())
def test_exactly_one_value_changes(made: tuple[dict[str, Any], str], data: st.DataObject) -> None:
    document, text = made
    server = data.draw(st.sampled_from(sorted(document["servers"])))
    name = data.draw(st.sampled_from([*document["servers"][server], "new"]))
    edited = toml_edit.set_value(text, ("servers", server, name), ["v", 1])
    wanted = json.loads(json.dumps(document))
    wanted["servers"][server][name] = ["v", 1]
    assert tomllib.loads(edited) == wanted


@given(written(), st.data())
def test_exactly_one_place_inside_changes(made: tuple[dict[str, Any], str], data: st.DataObject) -> None:
    document, text = made
    lists = [(s, n) for s, n in members(document) if isinstance(document["servers"][s][n], list)]
    if not lists:
        return
    server, name = data.draw(st.sampled_from(lists))
    items = document["servers"][server][name]
    number = data.draw(st.integers(0, len(items)))
    edited = toml_edit.insert_item(text, ("servers", server, name), number, "new")
    wanted = json.loads(json.dumps(document))
    wanted["servers"][server][name].insert(number, "new")
    assert tomllib.loads(edited) == wanted
    assert tomllib.loads(toml_edit.remove(edited, ("servers", server, name, number))) == document


@given(written(), st.data())
def test_exactly_one_member_goes(made: tuple[dict[str, Any], str], data: st.DataObject) -> None:
    document, text = made
    found = members(document)
    if not found:
        return
    server, name = data.draw(st.sampled_from(found))
    edited = toml_edit.remove(text, ("servers", server, name))
    wanted = json.loads(json.dumps(document))
    del wanted["servers"][server][name]
    assert tomllib.loads(edited) == wanted
