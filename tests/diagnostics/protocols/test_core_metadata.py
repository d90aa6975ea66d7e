# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata of installed distributions: what pip reads in it is read here too, and nothing in it is fatal."""

from __future__ import annotations

from email.parser import BytesHeaderParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.core_metadata import of_folder, read_metadata, read_requires, read_settings

LINE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30)


@given(LINE, LINE, st.lists(LINE, max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_is_read(name: str, version: str, requires: list[str], end: str) -> None:
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", "License: a", "  b"]
    lines += [*(f"Requires-Dist: {requirement}" for requirement in requires), "", "Name: not this", ""]
    read = read_metadata(end.join(lines).encode())
    assert (read.name, read.version, read.requires) == (name, version, tuple(requires))


@given(st.binary(max_size=300))
def test_nothing_is_fatal(data: bytes) -> None:
    read_metadata(data)
    read_requires(data)
    read_settings(data)


def test_a_folded_line_is_read_as_mail_readers_do() -> None:
    data = b"Name: x\nRequires-Dist: mcp\n  <2\nVersion: 1\n\nText"
    assert read_metadata(data).requires == ("mcp <2",)
    assert BytesHeaderParser().parsebytes(data)["Version"] == read_metadata(data).version


def test_sections_of_old_requirements_are_markers() -> None:
    text = b"mcp<2\n\n[:python_version < '3.11']\ntomli\n\n[cli]\ntyper\n\n[cli:sys_platform == 'win32']\ncolorama\n"
    assert read_requires(text) == (
        "mcp<2",
        "tomli ; (python_version < '3.11')",
        'typer ; extra == "cli"',
        "colorama ; extra == \"cli\" and (sys_platform == 'win32')",
    )


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("mcp_for_blender-2.2.4.dist-info", ("mcp_for_blender", "2.2.4")),
        ("certifi-2026.10.19.post1.dist-info", ("certifi", "2026.10.19.post1")),
        ("old-0.1-py3.11.egg-info", ("old", "0.1")),
        ("mcp", None),
        (".dist-info", None),
    ],
)
def test_names_of_folders(name: str, read: tuple[str, str] | None) -> None:
    assert of_folder(name) == read
