# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes that a repair makes in this Blender, each with the way back. To be planned and made on the main thread.

Each is a `diagnostics.remedies.change.Change`. Beside that it has `settle_s`, the seconds that what it touched takes to
be what it becomes, `undoable`, and `back`, which gives its undo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import addon_port, enabled, endpoint, started

if TYPE_CHECKING:
    from collections.abc import Callable

    import bpy

    from ...diagnostics.model import Remedy

ACTIONS: dict[str, Callable[[bpy.types.Context, Remedy], Any]] = {
    "use-endpoint": endpoint.plan,
    "enable-addon": enabled.plan,
    "start-addon": started.plan,
    "set-addon-port": addon_port.plan,
}
"""What each action of a remedy plans. Each raises ChangeError when it cannot be done, or is done already."""
