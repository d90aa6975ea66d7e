# SPDX-License-Identifier: GPL-3.0-or-later
"""Another port for this Blender's add-on: what a click sets it to."""

from __future__ import annotations

from ..knowledge import products
from ..model import BridgeState, EvidenceValue


def moved(bridge: BridgeState, port: EvidenceValue) -> dict[str, EvidenceValue]:
    """Evidence for the remedy that sets the add-on's port; only the port where it is not known how that is done."""
    known = bool(products.by_id(bridge.product).port_property)
    return {"_new_port": port, "_own_port": f"{bridge.module}:{port}" if known else None}
