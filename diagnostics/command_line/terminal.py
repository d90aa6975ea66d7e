# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said on the terminal: results on its output, everything else beside it."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator

from ..knowledge.repairs import words
from ..model import CheckStarted, Event
from ..text import one_line


@contextlib.contextmanager
def status() -> Iterator[Callable[[str], None]]:
    """One line on the terminal that changes and goes; nothing where nobody looks."""
    shown = sys.stderr is not None and sys.stderr.isatty()

    def say(line: str) -> None:
        if shown:
            sys.stderr.write(f"\r\x1b[K{one_line(line, shutil.get_terminal_size().columns - 3)}")
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
    """Prints, whatever the encoding of the terminal: what it cannot show becomes a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def say(line: str, status: int) -> int:
    """One line beside the output, for people; returns `status`."""
    with contextlib.suppress(OSError, UnicodeError, AttributeError):
        encoding = sys.stderr.encoding or "utf-8"
        sys.stderr.write(line.encode(encoding, "replace").decode(encoding) + "\n")
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
