# SPDX-License-Identifier: GPL-3.0-or-later
"""Read up a cause in the browser."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import bpy

from . import settings

if TYPE_CHECKING:
    from pathlib import Path

_WAY = "explain.html"
"""A page of our own that leads on to the cause."""


class MCP_DIAGNOSTICS_OT_explain(bpy.types.Operator):
    """Read in your web browser what this means, how it is known, and what else helps. It opens a file of this extension; nothing is sent"""  # noqa: E501  # a tooltip has no line breaks of its own

    bl_idname = "mcp_diagnostics.explain"
    bl_label = "Explain"

    cause: bpy.props.StringProperty(name="Cause", description="Id of the cause", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Open the page there."""
        address = address_of(self.cause)
        if bpy.app.background:
            # Nobody looks at a browser that a script opens.
            self.report({"INFO"}, address)
            return {"FINISHED"}
        return bpy.ops.wm.url_open(url=address)


def address_of(cause: str) -> str:
    """The address to give to the system's browser for this cause.

    Windows and macOS hand a file to the browser and drop the place in it. So a small file that leads there is written
    into the extension's own folder, and that is opened. Where it cannot be written, or the cause is not known, the
    address of the page itself is returned.
    """
    from ..diagnostics.knowledge import explanations  # noqa: PLC0415  # read with the first click

    page = explanations.page(bpy.app.translations.locale).as_uri()
    if cause not in explanations.explanations():
        return page
    place = f"{page}#{cause}"
    folder = settings.own_folder()
    if folder is None:
        return place
    try:
        return _lead(folder, place).as_uri()
    except OSError:
        return place


def _lead(folder: Path, place: str) -> Path:
    from ..diagnostics.atomic_write import atomic_write  # noqa: PLC0415

    way, target = folder / _WAY, html.escape(place)
    folder.mkdir(parents=True, exist_ok=True)
    text = (
        f'<!DOCTYPE html><meta charset="utf-8"><title>MCP Diagnostics</title>'
        f'<meta http-equiv="refresh" content="0; url={target}"><a href="{target}">{target}</a>\n'
    )
    atomic_write(way, text.encode())
    return way


CLASSES = (MCP_DIAGNOSTICS_OT_explain,)
