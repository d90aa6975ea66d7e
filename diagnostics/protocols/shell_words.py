# SPDX-License-Identifier: GPL-3.0-or-later
"""A command as one types it, quoted so that the shell hands over exactly these words.

On Linux and macOS the text is right in sh, bash, dash, zsh and fish alike; on Windows it is for PowerShell, which a
terminal opens there, and for cmd.exe too wherever double quotes are enough for both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_PLAIN = re.compile(r"(?!=)[A-Za-z0-9_@%+=:,./-]+")
"""What no Unix shell touches. In zsh a word that begins with `=` is the path of a program."""
_PLAIN_WINDOWS = re.compile(r"--?[A-Za-z0-9-]+|[A-Za-z0-9_+=:./\\][A-Za-z0-9_+=:./\\-]*")
"""What neither PowerShell nor cmd.exe touches. PowerShell parts a word like -a.b, which looks like a parameter."""
_BOTH = re.compile(r'[^"%$`“”„\n\r]*[^"%$`“”„\n\r\\]')
"""What stands in double quotes for itself in PowerShell and cmd.exe; a backslash at the end would take the quote."""
_POWERSHELL_QUOTES = re.compile("['‘’‚‛]")
"""PowerShell takes typographic quotes for plain ones (language specification 3.0, section 2.3.5.2)."""


def join(words: Sequence[str], platform: str) -> str:
    """The words as one types them in a terminal of this system (a value of `sys.platform`).

    A word with NUL in it, which no program can be given, is for reading only.
    """
    return _powershell(words) if platform == "win32" else _unix(words)


def quoted(word: str, platform: str) -> str:
    """One argument of a command, as one types it in a terminal of this system."""
    if platform == "win32":
        return _windows_word(word)
    return word if _PLAIN.fullmatch(word) else f"'{inside_quotes(word)[0]}'"


def inside_quotes(word: str) -> tuple[str, str]:
    """The word as it stands between single quotes: in a Unix shell, and in PowerShell."""
    # Fish alone takes a backslash between single quotes for an escape, so none stands there.
    unix = re.sub(r"['\\]", lambda match: "'\"'\"'" if match[0] == "'" else r"'\\'", word)
    return unix, _POWERSHELL_QUOTES.sub(r"\g<0>\g<0>", word)


def _unix(words: Sequence[str]) -> str:
    # A first word like A=b would set a variable.
    return " ".join(
        quoted(word, "linux") if number or "=" not in word else f"'{inside_quotes(word)[0]}'"
        for number, word in enumerate(words)
    )


def _powershell(words: Sequence[str]) -> str:
    program, args = _windows_word(words[0]) if words else "", words[1:]
    # A program in quotes is a text to PowerShell unless it is called (about_Operators, "Call operator").
    called = program if not program.startswith(("'", '"')) else f"& {program}"
    if any('"' in word or (word.endswith("\\") and not _PLAIN_WINDOWS.fullmatch(word)) for word in args):
        # PowerShell 5 loses such a quote and 7 keeps it; what follows --% both pass on as it is (about_Parsing).
        return " ".join([called, "--%", *map(_as_c_reads, args)])
    return " ".join([called, *map(_windows_word, args)]).strip()


def _windows_word(word: str) -> str:
    if _PLAIN_WINDOWS.fullmatch(word):
        return word
    return f'"{word}"' if _BOTH.fullmatch(word) else f"'{inside_quotes(word)[1]}'"


def _as_c_reads(word: str) -> str:
    """The word in double quotes, as the C runtime of Windows takes it apart again (Microsoft: main, command line)."""
    escaped = re.sub(r'(\\*)("|\Z)', lambda match: match[1] * 2 + match[2].replace('"', '\\"'), word)
    return f'"{escaped}"'
