# SPDX-License-Identifier: GPL-3.0-or-later
"""MCP Diagnostics: finds the broken link between an AI app, its MCP server and Blender, and says how to repair it.

The engine lives in `diagnostics` and knows nothing of Blender. It is imported when it is needed first, so that
enabling the extension costs Blender's start next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import operators, panels

if TYPE_CHECKING:
    from collections.abc import Sequence


def register() -> None:
    """Called by Blender when the extension is enabled."""
    operators.register()
    panels.register()


def unregister() -> None:
    """Called by Blender when the extension is disabled and when Blender quits: ends a run that is under way."""
    panels.unregister()
    operators.unregister()


def main(argv: Sequence[str] = ()) -> int:
    """Run the command line inside this Blender and return its exit code, for `blender -b --python-expr`."""
    return operators.command_line.run(argv)
