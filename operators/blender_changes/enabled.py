# SPDX-License-Identifier: GPL-3.0-or-later
"""An add-on that is switched on, and off again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy

from .. import snapshot
from ..blender_words import refusal, said
from .calls import call, shown

if TYPE_CHECKING:
    from ...diagnostics.model import Remedy

_SETTLE_S = 1.5
"""How long an add-on may take to listen after it was enabled; its own timer begins after 0.5 s."""


@dataclass(frozen=True, slots=True)
class EnableAddon:
    """The add-on on, or off again."""

    module: str
    name: str
    on: bool = True
    undoable: bool = True

    @property
    def settle_s(self) -> float:
        """Seconds until its server may listen."""
        return _SETTLE_S if self.on else 0.0

    @property
    def title(self) -> str:
        """Which add-on."""
        return said("enable_title" if self.on else "disable_title", name=self.name)

    @property
    def preview(self) -> str:
        """The call of Blender's own operator."""
        return shown(f"bpy.ops.{self._operator}(module={self.module!r})")

    @property
    def _operator(self) -> str:
        return "preferences.addon_enable" if self.on else "preferences.addon_disable"

    def carry_out(self) -> str:
        """Do it, when it is still to be done."""
        _bridge(bpy.context, self.module)
        if (self.module in bpy.context.preferences.addons) == self.on:
            raise refusal("enabled" if self.on else "disabled")
        call(self._operator, module=self.module)
        if (self.module in bpy.context.preferences.addons) != self.on:
            raise refusal("not_enabled")
        return said("enable_done" if self.on else "disable_done", name=self.name)

    def back(self) -> EnableAddon:
        """As it was."""
        return EnableAddon(self.module, self.name, on=not self.on)


def plan(context: bpy.types.Context, remedy: Remedy) -> EnableAddon:
    """Enable the add-on that the remedy names. Raises ChangeError."""
    name = _bridge(context, remedy.exact)
    if remedy.exact in context.preferences.addons:
        raise refusal("enabled")
    return EnableAddon(remedy.exact, name)


def _bridge(context: bpy.types.Context, module: str) -> str:
    """The add-on's name. What the report names may be gone meanwhile, and nothing but a bridge is ever enabled."""
    name = next((bridge.name for bridge in snapshot.take_snapshot(context).bridges if bridge.module == module), None)
    if name is None:
        raise refusal("not_installed")
    return name
