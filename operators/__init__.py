# SPDX-License-Identifier: GPL-3.0-or-later
"""What a click does. One concern a module; each ends with the tuple of its classes."""

from __future__ import annotations

import bpy

from . import (
    again,
    carrying,
    clock,
    command_line,
    consent,
    end_by_force,
    endpoint,
    explain,
    open_place,
    pins,
    repair,
    report,
    run,
    self_test,
    undo_repair,
)

_CLASSES = (
    *run.CLASSES,
    *report.CLASSES,
    *consent.CLASSES,
    *endpoint.CLASSES,
    *pins.CLASSES,
    *repair.CLASSES,
    *explain.CLASSES,
    *self_test.CLASSES,
    *undo_repair.CLASSES,
    *end_by_force.CLASSES,
    *open_place.CLASSES,
)


def register() -> None:
    """Register the operators, the entry in the Help menu, the handlers and the command."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    run.register()
    clock.register()
    command_line.register()


def unregister() -> None:
    """End a run that is under way and take back everything, in reverse."""
    command_line.unregister()
    again.unregister()
    carrying.unregister()
    clock.unregister()
    run.unregister()
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
