# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from anywhere as Markdown that shows exactly that text, on GitHub and wherever else CommonMark is read.

Nothing in it can become a link, an image, a mention, a heading, HTML, or the end of what it stands in (CommonMark 0.31,
GitHub Flavored Markdown 0.29, and GitHub's own mentions, references and formulas).
"""

from __future__ import annotations

import html
import re

_ESCAPED = re.compile(r"[\\`*_\[\]|~]")
_AT_START = re.compile(r"^(\d{0,9})(?=[#+=-]|(?<=\d)[.)](?:\s|$))")
"""Where a backslash keeps a line from being a heading, the line below one, or a list."""
_BREAK = "&#8203;"
"""A space of no width, which ends what would be recognised."""
_SPECIAL = (
    (re.compile(r"@(?=[\w-])"), f"@{_BREAK}"),
    # #12, GH-12; http://, www., mailto:
    (re.compile(r"(?<!&)#(?=\d)"), f"#{_BREAK}"),
    (re.compile(r"\b(GH-)(?=\d)", re.IGNORECASE), rf"\1{_BREAK}"),
    (re.compile(r"\b([a-z][a-z0-9+.-]{0,20}:)(?=//)", re.IGNORECASE), rf"\1{_BREAK}"),
    (re.compile(r"\b((?:mailto|xmpp|www)[:.])", re.IGNORECASE), rf"\1{_BREAK}"),
    # :name: is a picture, $ begins a formula
    (re.compile(r":(?=[a-z+-][\w+-]{0,40}:)", re.IGNORECASE), f":{_BREAK}"),
    (re.compile(r"\$"), "<span>$</span>"),
)


def inline(text: str) -> str:
    """The text as part of a paragraph, a list item or a cell of a table; its lines stay lines."""
    return "<br>".join(_line(line) for line in text.strip().splitlines())


def _line(line: str) -> str:
    escaped = _ESCAPED.sub(r"\\\g<0>", line.strip())
    escaped = html.escape(escaped, quote=False)
    return _unlinked(_AT_START.sub(r"\1\\", escaped))


def _unlinked(text: str) -> str:
    for pattern, replacement in _SPECIAL:
        text = pattern.sub(replacement, text)
    return text


def in_html(text: str) -> str:
    """The text on one line inside an HTML element, where Markdown is not read."""
    return _unlinked(html.escape(" ".join(text.split()), quote=False))


def block(text: str, indent: str = "") -> str:
    """The text as a block of code, with a fence that is longer than any in it. Nothing is read in there."""
    lines = text.rstrip("\n").splitlines() or [""]
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join(f"{indent}{line}".rstrip() for line in (fence, *lines, fence))
