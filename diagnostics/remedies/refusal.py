# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a change is not made, in the words of `repairs.toml`."""

from __future__ import annotations

from ..knowledge.repairs import words
from ..model import EvidenceValue
from .change import ChangeError


def refusal(name: str, **evidence: EvidenceValue) -> ChangeError:
    """The error of this name, with what it is about."""
    return ChangeError(words("problems", name, evidence))


def reason_of(error: OSError) -> str:
    """What the system said."""
    return error.strerror or str(error)
