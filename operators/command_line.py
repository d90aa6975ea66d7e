# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line inside Blender: the same arguments as in a shell, and a picture of this Blender on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from . import broken_pipe, settings, snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = "mcp_diagnostics"

_handle: Any = None


def run(argv: Sequence[str] = (), prog: str = "mcp-diagnostics") -> int:
    """Run the command line and return its exit code."""
    from ..diagnostics.__main__ import main  # noqa: PLC0415  # costs nothing until it is asked for

    # In a window the add-on of this process cannot answer, because its main thread waits here.
    picture = snapshot.take_snapshot(bpy.context, main_thread_waits=not bpy.app.background)
    with broken_pipe.survived():
        return main(list(argv), snapshot=picture, prog=prog, own_folder=settings.own_folder())


def _command(argv: list[str]) -> int:
    return run(argv, f"blender --command {_NAME}")


def register() -> None:
    """Offer `blender --command mcp_diagnostics`."""
    global _handle  # noqa: PLW0603  # Blender wants it back to take the command away
    _handle = bpy.utils.register_cli_command(_NAME, _command)


def unregister() -> None:
    """Take the command away."""
    global _handle  # noqa: PLW0603
    bpy.utils.unregister_cli_command(_handle)
    _handle = None
