# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a server in its own file, in four formats."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.settings_file import SettingsError, read

JSON = """{
  "name": "x",
  "server": {"bind_address": "127.0.0.1", "port": 9877,
    "allowed_clients": ["10.0.0.0/8"], "protocol_version": 15}
}"""
TOML = """name = "x"
[server]
bind-address = "127.0.0.1"
port = 9877
allowed_clients = ["10.0.0.0/8"]
protocol_version = 15
"""
INI = """[server]
bind_address = 127.0.0.1
Port: 9877
allowed_clients = 10.0.0.0/8
protocol_version = 15
"""
ENV = """# mine
export MCP_BIND_ADDRESS=127.0.0.1
MCP_PORT='9877' # here
ALLOWED_CLIENTS=10.0.0.0/8
MCP_PROTOCOL_VERSION=15
"""


@pytest.mark.parametrize(
    ("text", "name", "lines"),
    [
        (JSON, "server.json", (3, 3, 4, 4)),
        (TOML, "server.toml", (3, 4, 5, 6)),
        (INI, "server.ini", (2, 3, 4, 5)),
        (ENV, ".env", (2, 3, 4, 5)),
        (JSON, "server", (3, 3, 4, 4)),
        (INI, "server", (2, 3, 4, 5)),
        (ENV, "server", (2, 3, 4, 5)),
    ],
)
def test_each_format(text: str, name: str, lines: tuple[int, ...]) -> None:
    found = read(text, name)
    keys = ("bind_address", "port", "allowed_clients", "protocol_version")
    assert tuple(found[key].line for key in keys) == lines
    assert str(found["port"].value) == "9877"
    assert found["bind_address"].value == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ('{\n "port": 1,\n}', "a.json", 2),
        ("port = 1\nport = ", "a.toml", 2),
        ("port = 1\n", "a.ini", 1),
        ("[a]\nb = 1\n]what\n", "a.ini", 3),
        ("PORT=1\nwhat is this\n", ".env", 2),
    ],
)
def test_a_broken_file(text: str, name: str, line: int) -> None:
    with pytest.raises(SettingsError) as broken:
        read(text, name)
    assert broken.value.line == line
    assert broken.value.problem


def test_other_keys_are_not_taken() -> None:
    assert read('{"export": 1, "transport": "x", "report": 3}', "a.json") == {}


@given(st.text(max_size=200), st.sampled_from(["a.json", "a.toml", "a.ini", ".env", "a"]))
def test_no_text_harms(text: str, name: str) -> None:
    with contextlib.suppress(SettingsError):
        read(text, name)
