# SPDX-License-Identifier: GPL-3.0-or-later
"""An add-on's server that is started, and stopped again, through the add-on's own operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy

from .. import snapshot
from ..blender_words import refusal, said
from .calls import call, shown

if TYPE_CHECKING:
    from ...diagnostics.knowledge.products import Product
    from ...diagnostics.model import Remedy

_SETTLE_S = 1.5
"""How long an add-on may take to listen after it was started."""


@dataclass(frozen=True, slots=True)
class StartAddon:
    """The add-on's server on, or off again."""

    product: Product
    on: bool = True

    @property
    def settle_s(self) -> float:
        """Seconds until its server may listen."""
        return _SETTLE_S if self.on else 0.0

    @property
    def title(self) -> str:
        """Whose server."""
        return said("start_title" if self.on else "stop_title", product=self.product.name)

    @property
    def preview(self) -> str:
        """The call of the add-on's own operator."""
        return shown(f"bpy.ops.{self._operator}()")

    @property
    def _operator(self) -> str:
        return self.product.start_operator if self.on else self.product.stop_operator

    def carry_out(self) -> str:
        """Do it, when the add-on is still there."""
        _of_bridge(bpy.context, self.product, running=not self.on)
        call(self._operator)
        return said("start_done" if self.on else "stop_done", product=self.product.name)

    @property
    def undoable(self) -> bool:
        """Whether the add-on has an operator that stops it."""
        return bool(self.product.stop_operator)

    def back(self) -> StartAddon:
        """Stopped again."""
        return StartAddon(self.product, on=False)


def plan(context: bpy.types.Context, remedy: Remedy) -> StartAddon:
    """Start the server of the add-on whose operator the remedy names. Raises ChangeError."""
    from ...diagnostics.knowledge import products  # noqa: PLC0415  # loaded with the first run

    found = next((product for product in products.products() if product.start_operator == remedy.exact), None)
    if found is None or not remedy.exact:
        raise refusal("no_operator")
    _of_bridge(context, found, running=False)
    return StartAddon(found)


def _of_bridge(context: bpy.types.Context, product: Product, *, running: bool) -> None:
    """The add-on must be there, enabled, and in this state."""
    bridges = [bridge for bridge in snapshot.take_snapshot(context).bridges if bridge.product == product.id]
    if not bridges:
        raise refusal("not_installed")
    if not any(bridge.enabled for bridge in bridges):
        raise refusal("disabled")
    if any(bridge.running for bridge in bridges) != running:
        raise refusal("moved" if running else "runs")
