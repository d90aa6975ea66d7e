# SPDX-License-Identifier: GPL-3.0-or-later
"""The words about repairs in files."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import EDIT_FILES, EvidenceValue, FileEdit, Remedy
from . import table
from .catalogue import fill


def remedy(name: str, edits: tuple[FileEdit, ...], evidence: Mapping[str, EvidenceValue]) -> Remedy:
    """The repair of this name in `repairs.toml`, which makes these edits."""
    files = "\n".join(dict.fromkeys(str(edit.file) for edit in edits))
    return Remedy(words("titles", name, evidence), "apply", files, files, EDIT_FILES, edits)


def words(part: str, name: str, evidence: Mapping[str, EvidenceValue]) -> str:
    """What is said under this name in a part of `repairs.toml`, with this evidence in it."""
    seen = {key.lstrip("_"): value for key, value in evidence.items()}
    return fill(str(table("repairs")[part][name]), seen)
