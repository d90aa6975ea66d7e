# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's language: our translations in Blender's catalogue, and reports said in it.

Reports are English. Blender looks a text up in what is registered here; only the language in use is loaded, because all
of them together would make enabling the extension slow.
"""

from __future__ import annotations

import functools
import string
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..operators import clock, settings

if TYPE_CHECKING:
    from ..diagnostics.model import Report

_FOLDER = Path(__file__).parents[1] / "diagnostics" / "knowledge" / "translations"

_CONTEXT = "MCP Diagnostics"
"""In it Blender has no texts of its own: its "OK" is that of a button, and "Render" may be somebody's computer."""

_loaded: str | None = None
"""The language whose translations were loaded, also where we have none for it; None before the first."""
_registered = False
"""Whether we have any for it."""
_said: tuple[Report, Report] | None = None
"""The last report, and how it reads in this language: drawing asks for it many times a second."""


def say(message: str, **fills: object) -> str:
    """The message in the user's language, with its `$names` filled in."""
    said = _translate(message)
    return string.Template(said).safe_substitute(fills) if fills else said


def in_users_language(report: Report) -> Report:
    """The report as this user reads it."""
    global _said  # noqa: PLW0603  # there is one report at most
    if not _is_in_use():
        return report
    if _said is None or _said[0] is not report:
        from ..diagnostics.knowledge.saying import report_in  # noqa: PLC0415  # read with the first report

        _said = (report, report_in(report, _translate))
    return _said[1]


def sentence(made: str) -> str:
    """What a repair has said of itself, as this user reads it."""
    return _sentence(made) if _is_in_use() else made


@functools.lru_cache(maxsize=64)
def _sentence(made: str) -> str:
    from ..diagnostics.knowledge.sentences import preview_in  # noqa: PLC0415  # read with the first repair

    return preview_in(made, _translate)


def _is_in_use() -> bool:
    return _registered and bool(bpy.context.preferences.view.use_translate_interface)


def _translate(message: str) -> str:
    return bpy.app.translations.pgettext_iface(message, _CONTEXT)


def follow() -> None:
    """Called while drawing: have the translations loaded that fit, when the user has chosen another language."""
    if bpy.app.translations.locale != _loaded and not bpy.app.timers.is_registered(_reload):
        # Not at once: what is being drawn may still point at the texts that this takes away.
        bpy.app.timers.register(_reload, first_interval=0)


def _reload() -> None:
    global _said  # noqa: PLW0603
    _forget()
    _load()
    _said = None
    _sentence.cache_clear()
    clock.redraw()


def _load() -> None:
    global _loaded, _registered  # noqa: PLW0603
    _loaded = bpy.app.translations.locale
    file = _FOLDER / f"{_loaded}.json"
    if not _loaded or not file.is_file():
        return
    import json  # noqa: PLC0415  # an English Blender does without

    texts = json.loads(file.read_text(encoding="utf-8"))
    # What Blender draws by itself, such as the names of operators, it looks up in these two of its own.
    contexts = (_CONTEXT, bpy.app.translations.contexts.default, bpy.app.translations.contexts.operator_default)
    table = {(context, english): said for english, said in texts.items() for context in contexts}
    bpy.app.translations.register(settings.PACKAGE, {_loaded: table})
    _registered = True


def _forget() -> None:
    global _loaded, _registered
    if _registered:
        bpy.app.translations.unregister(settings.PACKAGE)
    _loaded, _registered = None, False


def register() -> None:
    """Load the translations for the language in use."""
    _load()


def unregister() -> None:
    """Take them away."""
    global _said  # noqa: PLW0603
    if bpy.app.timers.is_registered(_reload):
        bpy.app.timers.unregister(_reload)
    _forget()
    _said = None
    _sentence.cache_clear()
