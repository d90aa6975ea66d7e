# SPDX-License-Identifier: GPL-3.0-or-later
"""Host and port in this extension's preferences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy

from .. import settings
from ..blender_words import refusal, said

if TYPE_CHECKING:
    from ...diagnostics.model import Remedy

Place = tuple[str, int] | None
"""Host and port; None for what the AI app says."""


@dataclass(frozen=True, slots=True)
class UseEndpoint:
    """Look at another endpoint from now on."""

    before: Place
    after: Place
    settle_s: float = 0.0
    undoable: bool = True

    @property
    def title(self) -> str:
        """Where it looks then."""
        return said("endpoint_title", endpoint=_shown(self.after))

    @property
    def preview(self) -> str:
        """The line that goes and the one that comes."""
        return said("endpoint_preview", before=_shown(self.before), after=_shown(self.after))

    def carry_out(self) -> str:
        """Set both, or leave both to the AI app's entry."""
        prefs = _preferences(bpy.context)
        if _now(prefs) != self.before:
            raise refusal("moved")
        if self.after is None:
            prefs.property_unset("host")
            prefs.property_unset("port")
        else:
            prefs.host, prefs.port = self.after
        bpy.context.preferences.is_dirty = True
        return said("endpoint_done", endpoint=_shown(self.after))

    def back(self) -> UseEndpoint:
        """As it was."""
        return UseEndpoint(self.after, self.before)


def plan(context: bpy.types.Context, remedy: Remedy) -> UseEndpoint:
    """Look where the remedy says. Raises ChangeError."""
    host, _colon, port = remedy.exact.rpartition(":")
    before, after = _now(_preferences(context)), (host.strip("[]"), int(port))
    if before == after:
        raise refusal("already")
    return UseEndpoint(before, after)


def _preferences(context: bpy.types.Context) -> Any:
    prefs = settings.preferences(context)
    if prefs is None:
        raise refusal("no_preferences")
    return prefs


def _now(prefs: Any) -> Place:
    return (prefs.host, prefs.port) if settings.endpoint_is_given(prefs) else None


def _shown(place: Place) -> str:
    from ...diagnostics.text import host_port  # noqa: PLC0415  # loaded with the first repair

    return said("endpoint_follows") if place is None else host_port(*place)
