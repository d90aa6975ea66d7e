# SPDX-License-Identifier: GPL-3.0-or-later
"""For which processor a program was made, by its first bytes."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.probes.program_format import foreign_format, read_format


def elf(number: int, order: str = "<") -> bytes:
    return b"\x7fELF\x02" + (b"\x01" if order == "<" else b"\x02") + bytes(12) + struct.pack(f"{order}H", number)


def mach(*kinds: int) -> bytes:
    """With several kinds of processor, a file for each of them."""
    if len(kinds) == 1:
        return b"\xcf\xfa\xed\xfe" + struct.pack("<I", kinds[0]) + bytes(20)
    parts = b"".join(struct.pack(">IIIII", kind, 0, 0, 0, 0) for kind in kinds)
    return b"\xca\xfe\xba\xbe" + struct.pack(">I", len(kinds)) + parts


def pe(number: int) -> bytes:
    return b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", number)


@pytest.mark.parametrize(
    ("data", "kind", "processors"),
    [
        (elf(62), "elf", {"x86_64"}),
        (elf(183), "elf", {"arm64"}),
        (elf(22, ">"), "elf", {"s390x"}),
        (elf(9999), "elf", set()),
        (mach(0x0100000C), "mach-o", {"arm64"}),
        (mach(0x01000007, 0x0100000C), "mach-o", {"x86_64", "arm64"}),
        (pe(0x8664), "pe", {"x86_64"}),
        (pe(0xAA64), "pe", {"arm64"}),
    ],
)
def test_formats(tmp_path: Path, data: bytes, kind: str, processors: set[str]) -> None:
    file = tmp_path / "program"
    file.write_bytes(data)
    assert read_format(file) == (kind, frozenset(processors))


@pytest.mark.parametrize(
    "data", [b"", b"#!/bin/sh\n", b"MZ", b"\x7fELF", b"MZ" + b"\xff" * 70, b"\xca\xfe\xba\xbe\x00\x00\x00\x3d"]
)
def test_what_is_none_of_them(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "program"
    file.write_bytes(data)
    assert read_format(file) is None
    assert foreign_format(file) is None


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert read_format(tmp_path / "nothing") is None


def test_the_python_that_runs_this_is_no_foreigner() -> None:
    assert read_format(Path(sys.executable).resolve()) is not None
    assert foreign_format(Path(sys.executable).resolve()) is None


@given(st.sampled_from([b"", b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe"]), st.binary(max_size=200))
def test_no_bytes_are_too_odd(tmp_path_factory: pytest.TempPathFactory, head: bytes, rest: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "odd"
    file.write_bytes(head + rest)
    read_format(file)
