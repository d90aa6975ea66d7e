# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen: the sidebar and the preferences. They read the last report and never ask the world."""

from __future__ import annotations

import bpy

from ..operators import asking
from . import change, folding, language, preferences, sidebar

_CLASSES = (*preferences.CLASSES, *sidebar.CLASSES)


def register() -> None:
    """Register the preferences, what can be unfolded, and the panel."""
    language.register()
    folding.register()
    asking.shown_by(change.draw)
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take back everything, in reverse."""
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
    folding.unregister()
    language.unregister()
