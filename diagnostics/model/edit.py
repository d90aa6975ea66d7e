# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repair changes in a file, as plain data: which file, as it was read, and which places of it.

It never holds what stands in the file: what is to be kept of it is named by its place, and read when it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Keys = tuple[str | int, ...]
"""Where a value stands: the names of members and the numbers of items (from 0) that lead to it from the top."""

Plain = str | int | float | bool | tuple["Plain", ...] | Mapping[str, "Plain"]
"""A value to be written."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """The value at `at` becomes this one; what leads there and is not there yet is made."""

    at: Keys
    value: Plain


@dataclass(frozen=True, slots=True)
class InsertItem:
    """The list at `at` gets one more item, before the one that has this number now."""

    at: Keys
    number: int
    value: Plain


@dataclass(frozen=True, slots=True)
class Remove:
    """The member or the item at `at` goes."""

    at: Keys


@dataclass(frozen=True, slots=True)
class Rename:
    """The member at `at` is called otherwise."""

    at: Keys
    name: str


@dataclass(frozen=True, slots=True)
class AsText:
    """The number, true or false at `at` becomes a text that reads the same."""

    at: Keys


@dataclass(frozen=True, slots=True)
class AsList:
    """The value at `at` becomes the only item of a list."""

    at: Keys


@dataclass(frozen=True, slots=True)
class CopyFrom:
    """The value at `at` becomes that which stands at `source` in a file of the same app, this one or another."""

    at: Keys
    file: Path
    sha256: str
    source: Keys


@dataclass(frozen=True, slots=True)
class WithoutMark:
    """The byte order mark at the beginning goes."""


@dataclass(frozen=True, slots=True)
class Mend:
    """Mistakes in writing go, as far as it is certain what was meant."""


Operation = SetValue | InsertItem | Remove | Rename | AsText | AsList | CopyFrom | WithoutMark | Mend


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What a repair changes in one file; all else in it stays byte for byte."""

    file: Path
    sha256: str
    """Of the bytes that the diagnosis has read, in hexadecimal."""
    app: str
    """Id of the app that reads the file, which says how it is written."""
    operations: tuple[Operation, ...]
    """One after the other; each counts in what the one before has left."""
