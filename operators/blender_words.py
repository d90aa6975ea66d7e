# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of repairs in Blender, from the catalogue."""

from __future__ import annotations

from typing import Any


def said(name: str, /, **facts: Any) -> str:
    """The text of this name, with these facts in it."""
    from ..diagnostics.knowledge import table  # noqa: PLC0415  # loaded with the first repair
    from ..diagnostics.knowledge.catalogue import fill  # noqa: PLC0415

    return fill(table("blender_repairs")["words"][name], facts)


def why_not(name: str, /, **facts: Any) -> str:
    """Why something is not done."""
    from ..diagnostics.knowledge import table  # noqa: PLC0415
    from ..diagnostics.knowledge.catalogue import fill  # noqa: PLC0415

    return fill(table("blender_repairs")["refused"][name], facts)


def refusal(name: str, /, **facts: Any) -> Exception:
    """The `ChangeError` that says why it is not done."""
    from ..diagnostics.remedies.change import ChangeError  # noqa: PLC0415

    return ChangeError(why_not(name, **facts))
