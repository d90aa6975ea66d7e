# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of operators, Blender's own and an add-on's: as they are shown, and as they are made."""

from __future__ import annotations

from typing import Any

import bpy

from ..blender_words import refusal, said


def shown(*calls: str) -> str:
    """The exact calls, for a preview."""
    return "\n".join((said("calls"), *calls))


def call(name: str, **arguments: Any) -> None:
    """Call the operator of this name. Raises ChangeError when it cannot be called now, or fails."""
    group, _dot, operator_name = name.partition(".")
    operator = getattr(getattr(bpy.ops, group), operator_name)
    try:
        ready = operator.poll()
        if ready:
            operator(**arguments)
    except Exception as error:  # an add-on's operator may raise anything; no traceback for users
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise refusal("failed", reason=reason[-1]) from error
    if not ready:
        raise refusal("not_now")
