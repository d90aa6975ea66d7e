# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said on the terminal: results on its output, everything else beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

from ..knowledge.repairs import words
from ..model import CheckStarted, Event
from ..reports import Screen
from ..text import one_line

_WIDEST = 100
"""Columns; longer lines are hard to read."""
_STAND_INS = {
    **dict.fromkeys("✔", "+"),
    **dict.fromkeys("✖", "x"),
    **dict.fromkeys("–—−", "-"),
    **dict.fromkeys("·•", "*"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’", "'"),
    "…": "...",
    "→": "->",
    "←": "<-",
    "‹": "<",
    "›": ">",
    "≥": ">=",
    "≤": "<=",
}
"""What our own signs are on a terminal that cannot show them."""


def screen() -> Screen | None:
    """The terminal on which the output appears; None where it goes into a file or to another program.

    Colours follow the customs: NO_COLOR (no-color.org) forbids them, FORCE_COLOR and CLICOLOR_FORCE (bixense.com) want
    them even without a terminal, CLICOLOR=0 and TERM=dumb are against them.
    """
    shown, environ = _is_terminal(sys.stdout), os.environ
    if shown:
        return Screen(min(shutil.get_terminal_size().columns, _WIDEST), colours(environ, shown=True))
    return Screen(colours=True) if colours(environ, shown=False) else None


def colours(environ: Mapping[str, str], *, shown: bool) -> bool:
    """Whether to colour what is `shown` on a terminal, or goes elsewhere."""
    if environ.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if environ.get(name, "0") not in {"", "0"}:
            return True
    if environ.get("CLICOLOR") == "0":
        return False
    return shown and _understands_sequences(environ)


def _understands_sequences(environ: Mapping[str, str]) -> bool:
    if sys.platform == "win32":  # the old console shows them as they are
        return any(environ.get(name) for name in ("WT_SESSION", "TERM_PROGRAM", "TERM", "ANSICON"))
    return environ.get("TERM", "dumb") not in {"dumb", ""}


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it has been closed
        return False


def _is_plain(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is said to know ASCII only. Python itself takes C for UTF-8 (PEP 538, PEP 540)."""
    said = environ.get("LC_ALL") or environ.get("LANG") or ""
    return said in {"C", "POSIX"}


@contextlib.contextmanager
def status() -> Iterator[Callable[[str], None]]:
    """One line on the terminal that changes and goes; nothing where nobody looks."""
    shown = _is_terminal(sys.stderr) and _understands_sequences(os.environ)

    def say(line: str) -> None:
        if shown:
            shortened = one_line(line, shutil.get_terminal_size().columns - 3)
            sys.stderr.write(_showable(f"\r\x1b[K{shortened}", sys.stderr))
            sys.stderr.flush()

    try:
        yield say
    finally:
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextlib.contextmanager
def progress() -> Iterator[Callable[[Event], None]]:
    """Says on the terminal what is being waited for."""
    with status() as say:

        def tell(event: Event) -> None:
            if isinstance(event, CheckStarted):
                say(f"{event.title}… {event.done + 1} of {event.total}")

        yield tell


def write(text: str) -> None:
    """Prints, whatever the encoding of the terminal: what it cannot show is shown by a stand-in."""
    sys.stdout.write(_showable(text, sys.stdout))
    sys.stdout.flush()


def _showable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    if _is_terminal(stream) and _is_plain(os.environ):
        encoding = "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = "".join(_sign(sign, encoding) for sign in text)
    return text


def _sign(sign: str, encoding: str) -> str:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return _STAND_INS.get(sign, "?")
    return sign


def say(line: str, status: int) -> int:
    """One line beside the output, for people; returns `status`."""
    with contextlib.suppress(OSError, UnicodeError, AttributeError):
        sys.stderr.write(_showable(line, sys.stderr) + "\n")
    return status


def agrees(question: str, *, yes: bool) -> int | None:
    """Asks the question of this name in `repairs.toml`. None for a yes, else the exit status with which to end.

    `yes` answers it beforehand, without which nobody can be asked where there is no terminal.
    """
    if yes:
        return None
    if not (sys.stdin is not None and sys.stdin.isatty()):
        return say(f"mcp-diagnostics: {words('command', 'needs_yes', {})}", 2)
    write(words("command", question, {}) + " ")
    if sys.stdin.readline().strip().lower() in {"y", "yes"}:
        return None
    return say(words("command", "declined", {}), 1)
