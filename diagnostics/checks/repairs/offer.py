# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding with a repair that changes files, before what else can be done about it."""

from __future__ import annotations

import dataclasses

from ...knowledge.repairs import remedy
from ...model import EvidenceValue, FileEdit, Finding


def offered(found: Finding, name: str, *edits: FileEdit, **evidence: EvidenceValue) -> Finding:
    """The finding with the repair of this name in `repairs.toml`, behind those that it has of this kind already."""
    if not edits:
        return found
    made = remedy(name, edits, {**found.evidence, **evidence})
    before = [one for one in found.remedies if one.edits]
    others = [one for one in found.remedies if not one.edits]
    return dataclasses.replace(found, remedies=(*before, made, *others))
