# SPDX-License-Identifier: GPL-3.0-or-later
"""The forwards that a command line of ssh makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.proc_net_tcp import waiting
from diagnostics.protocols.ssh_forward import Forward, forwards


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-N -L 9876:localhost:9876 box", Forward(9876, "localhost", 9876, "box")),
        ("-L9876:localhost:1 me@box", Forward(9876, "localhost", 1, "me@box")),
        ("-NTfL 127.0.0.1:1:far:2 -p 2222 box", Forward(1, "far", 2, "box")),
        ("-L [::1]:1:[2001:db8::1]:2 box", Forward(1, "2001:db8::1", 2, "box")),
        ("-o LocalForward=1 -i key box", None),
        ("-oLocalForward=1\tfar:2 box", Forward(1, "far", 2, "box")),
        ("-L /run/a.sock:far:2 box", None),
        ("-L 70000:far:2 box", None),
        ("-R 1:far:2 box", None),
        ("box", None),
        ("", None),
    ],
)
def test_a_command_line(words: str, expected: Forward | None) -> None:
    assert forwards(["ssh", *words.split(" ")]) == ((expected,) if expected else ())


def test_the_command_makes_the_same_forward() -> None:
    forward = Forward(1, "2001:db8::1", 2, "me@box")
    assert forwards(forward.argv) == (forward,)


@given(st.lists(st.text(alphabet="-LoNp:[]1 =ab", max_size=12), max_size=6))
def test_no_command_line_harms(words: list[str]) -> None:
    assert all(0 < forward.port < 65536 for forward in forwards(["ssh", *words]))


def test_the_queue_of_a_listener() -> None:
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    rows = [
        "   0: 0100007F:2694 00000000:0000 0A 00000000:00000003 00:00000000 00000000 0 0 1",
        "   1: 0100007F:2695 0100007F:9999 01 00000000:00000007 00:00000000 00000000 0 0 2",
        "   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 0",
        "   3: nonsense",
    ]
    assert list(waiting("\n".join([head, *rows]))) == [(9876, 3), (80, 0)]


@given(st.text(max_size=200))
def test_no_table_harms(table: str) -> None:
    assert len(list(waiting(table))) <= len(table.splitlines())
