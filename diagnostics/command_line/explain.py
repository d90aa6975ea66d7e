# SPDX-License-Identifier: GPL-3.0-or-later
"""`explain`: say what a cause means, list all causes, or write the page about them."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

from ..knowledge import table
from ..knowledge.explanations import Explanation, by_link, explanations
from ..model import Snapshot
from ..reports import explain_page
from ..target import TargetError
from ..text import one_line
from .arguments import WRONG_USAGE
from .terminal import say, write

PRINTED = "-"
"""The file that means: print it."""
_WIDTH = 96


def explain(options: argparse.Namespace, _snapshot: Snapshot | None) -> int:
    """Prints the explanations, or writes the page; returns the exit status."""
    if options.html is not None:
        return _page(options)
    if options.cause is None:
        _list()
        return 0
    if options.cause not in explanations():
        named = one_line(options.cause, 60)
        return say(f"mcp-diagnostics: CAUSE “{named}” is not known; “mcp-diagnostics explain” lists all", WRONG_USAGE)
    _tell(explanations()[options.cause])
    return 0


def _page(options: argparse.Namespace) -> int:
    if options.cause is not None:
        raise TargetError("html", "is about all causes; leave out CAUSE, or give the file after it as --html=FILE")
    text = explain_page.render()
    if options.html == PRINTED:
        write(text)
        return 0
    try:
        Path(options.html).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise TargetError("html", f"“{options.html}” cannot be written: {error.strerror}") from None
    return 0


def _list() -> None:
    labels = {**table("words")["links"], "internal": table("explain_words")["internal"]}
    for name, group in by_link().items():
        write(f"{labels[name]}\n")
        for row in group:
            write(f"  {row.id:<30} {row.title}\n")
        write("\n")


def _tell(row: Explanation) -> None:
    words = table("explain_words")
    _paragraph(row.title)
    write(f"{row.id} · {words['verdicts'][row.verdict]}\n\n")
    _paragraph(row.means)
    _section(words["known_by"], row.known_by)
    _section(words["steps"], *row.steps, numbered=len(row.steps) > 1)
    _section(words["otherwise"], row.otherwise)
    if row.met:
        _section(words["met"], *([words["met_note"]] if row.met_elsewhere else []))
        for source in row.met:
            write(f"  {source.url}\n")


def _section(heading: str, *paragraphs: str, numbered: bool = False) -> None:
    write(f"\n{heading}\n")
    for number, paragraph in enumerate(paragraphs, 1):
        _paragraph(paragraph, f"  {number}. " if numbered else "  ")


def _paragraph(text: str, first: str = "") -> None:
    wrapped = textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
    write(f"{wrapped}\n")
