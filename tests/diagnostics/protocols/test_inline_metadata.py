# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata in a script, by the examples of PEP 723 and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.inline_metadata import script_metadata

HEAD = '# /// script\n# requires-python = ">=3.11"\n# ///\n'


@pytest.mark.parametrize(
    ("text", "block"),
    [
        (HEAD, 'requires-python = ">=3.11"'),
        (HEAD.replace("\n", "\r\n"), 'requires-python = ">=3.11"'),
        (f"#!/usr/bin/env python\n\n{HEAD}import os\n", 'requires-python = ">=3.11"'),
        ("# /// script\n# a = 1\n#\n# b = 2\n# ///\n", "a = 1\n\nb = 2"),
        ('# /// script\n# a = """\n# ///\n# """\n# ///\nx = 1\n', 'a = """\n///\n"""'),
        ("# /// script\n# a = 1\nimport os\n# ///\n", ""),
        ("# /// script\n# a = 1\n", ""),
        ("# /// pyproject\n# a = 1\n# ///\n", ""),
        (HEAD + "x = 1\n" + HEAD, ""),
        ("#/// script\n# a = 1\n# ///\n", ""),
        ("", ""),
    ],
)
def test_what_a_script_says(text: str, block: str) -> None:
    assert script_metadata(text) == block


@given(st.text(alphabet="#/ script\n=a", max_size=200))
def test_any_text(text: str) -> None:
    assert isinstance(script_metadata(text), str)
