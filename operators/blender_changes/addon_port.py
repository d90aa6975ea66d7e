# SPDX-License-Identifier: GPL-3.0-or-later
"""The port of an add-on, set where the add-on itself keeps it; its server is stopped before and started after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy

from .. import snapshot
from ..blender_words import refusal, said
from .calls import call, shown

if TYPE_CHECKING:
    from ...diagnostics.knowledge.products import Product
    from ...diagnostics.model import BridgeState, Remedy

_SETTLE_S = 1.5
"""How long an add-on may take to listen after it was started."""


@dataclass(frozen=True, slots=True)
class SetAddonPort:
    """Another port for the add-on, whose server runs there afterwards, or does not."""

    product: Product
    module: str
    before: int
    after: int
    ran: bool
    """Its server ran before."""
    start: bool
    """It is to run afterwards."""
    settle_s: float = _SETTLE_S
    undoable: bool = True

    @property
    def title(self) -> str:
        """Whose port."""
        return said("port_title", product=self.product.name, port=self.after)

    @property
    def preview(self) -> str:
        """The line that goes and the one that comes, and the calls of the add-on's own operators."""
        calls = [f"bpy.ops.{self.product.stop_operator}()"] if self.product.stop_operator else []
        calls.append(f"{self._property} = {self.after}")
        calls += [f"bpy.ops.{self.product.start_operator}()"] if self.start else []
        lines = [
            said("port_preview", product=self.product.name, before=self.before, after=self.after),
            "",
            shown(*calls),
        ]
        if not self.product.start_operator:
            lines += ["", said("port_start_yourself", start=self.product.start)]
        return "\n".join(lines)

    @property
    def _property(self) -> str:
        owner, _dot, name = self.product.port_property.partition(".")
        at = "bpy.context.scene" if owner == "scene" else f"bpy.context.preferences.addons[{self.module!r}].preferences"
        return f"{at}.{name}"

    def carry_out(self) -> str:
        """Stop, set, start. What was done before a step that fails is taken back."""
        _bridge(bpy.context, self.module)
        owner, name = _place(bpy.context, self.product, self.module)
        if getattr(owner, name) != self.before:
            raise refusal("moved")
        # A server that failed to start still has the old port, so it is stopped too.
        if self.product.stop_operator:
            call(self.product.stop_operator)
        setattr(owner, name, self.after)
        if self.start:
            try:
                call(self.product.start_operator)
            except Exception:
                setattr(owner, name, self.before)
                if self.ran:
                    call(self.product.start_operator)
                raise
        return said("port_done", product=self.product.name, port=self.after)

    def back(self) -> SetAddonPort:
        """As it was: the server runs at the old port where it ran before."""
        return SetAddonPort(self.product, self.module, self.after, self.before, ran=self.start, start=self.ran)


def plan(context: bpy.types.Context, remedy: Remedy) -> SetAddonPort:
    """Set the port of the add-on as the remedy says, and have its server run there. Raises ChangeError."""
    from ...diagnostics.knowledge import products  # noqa: PLC0415  # loaded with the first run

    module, _colon, port = remedy.exact.rpartition(":")
    bridge = _bridge(context, module)
    product = products.by_id(bridge.product)
    owner, name = _place(context, product, module)
    if bridge.running and not product.stop_operator:
        raise refusal("running_server", start=product.start)
    before: int = getattr(owner, name)
    if before == int(port):
        raise refusal("same_port")
    return SetAddonPort(product, module, before, int(port), ran=bridge.running, start=bool(product.start_operator))


def _bridge(context: bpy.types.Context, module: str) -> BridgeState:
    found = next((bridge for bridge in snapshot.take_snapshot(context).bridges if bridge.module == module), None)
    if found is None:
        raise refusal("not_installed")
    if not found.enabled:
        raise refusal("disabled")
    return found


def _place(context: bpy.types.Context, product: Product, module: str) -> tuple[Any, str]:
    """What has the property, and what it is called there."""
    owner, _dot, name = product.port_property.partition(".")
    entry = context.preferences.addons.get(module)
    at = context.scene if owner == "scene" else getattr(entry, "preferences", None)
    if not name or not hasattr(at, name):
        raise refusal("no_operator")
    return at, name
