# SPDX-License-Identifier: GPL-3.0-or-later
"""`explain`: say what a cause means, or list all causes."""

from __future__ import annotations

import argparse
import textwrap

from ..knowledge import catalogue
from ..model import Snapshot
from ..text import one_line
from .arguments import WRONG_USAGE
from .terminal import say, write


def explain(options: argparse.Namespace, _snapshot: Snapshot | None) -> int:
    """Prints the words of the catalogue; returns the exit status."""
    causes = catalogue.causes()
    if options.cause is None:
        for cause in causes.values():
            write(f"{cause.id:<28} {cause.verdict:<8} {catalogue.outline(cause.title)}\n")
        return 0
    if options.cause not in causes:
        named = one_line(options.cause, 60)
        return say(f"mcp-diagnostics: CAUSE “{named}” is not known; “mcp-diagnostics explain” lists all", WRONG_USAGE)
    cause = causes[options.cause]
    # What a run would fill in stands as “…”.
    for paragraph in (f"{cause.id} ({cause.verdict})", cause.title, *(words.text for words in cause.detail)):
        write(textwrap.fill(catalogue.outline(paragraph), 96) + "\n\n")
    for words in cause.remedies:
        write(
            textwrap.fill(f"→ {catalogue.outline(words.title).removesuffix('.')}:", 96, subsequent_indent="  ") + "\n"
        )
        write(textwrap.indent(catalogue.outline(words.text), "    ") + "\n")
    return 0
