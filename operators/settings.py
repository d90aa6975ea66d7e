# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's preferences, as a target for the engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from ..diagnostics.model import Target

PACKAGE = __package__.rpartition(".")[0]
"""The extension's own package, which is the key of its preferences."""

DEFAULT_HOST = "localhost"
DEFAULT_PORT = 9876
DEFAULT_DEADLINE_S = 30.0
DEFAULT_OFFER = "2025-11-25"

_allowed_without_preferences: set[str] = set()
"""Digests allowed while there are no preferences that could keep them: until Blender quits."""


def preferences(context: bpy.types.Context) -> Any | None:
    """Our preferences; None under `--factory-startup --addons …`, where Blender makes none."""
    entry = context.preferences.addons.get(PACKAGE)
    return entry.preferences if entry is not None else None


def endpoint(context: bpy.types.Context) -> tuple[str, int]:
    """Host and port to look at, for showing them."""
    prefs = preferences(context)
    if prefs is None:
        return DEFAULT_HOST, DEFAULT_PORT
    return prefs.host.strip() or DEFAULT_HOST, prefs.port


def endpoint_is_given(prefs: Any) -> bool:
    """Whether the user chose host or port. Otherwise the AI app's own entry may say where its server looks."""
    return bool(prefs.is_property_set("host") or prefs.is_property_set("port"))


def target_from(context: bpy.types.Context, *, isolate: bool = False) -> Target:
    """What the preferences ask for; `isolate` is what a click asks for on top.

    Raises `TargetError` with one line about the value that is wrong.
    """
    from ..diagnostics.target import make_target  # noqa: PLC0415  # costs nothing until the first run

    prefs = preferences(context)
    if prefs is None:
        digests = sorted(_allowed_without_preferences)
        return make_target(allowed_commands=digests, own_folder=own_folder(), isolate=isolate)
    given = endpoint_is_given(prefs)
    return make_target(
        host=prefs.host if given else None,
        port=prefs.port if given else None,
        kind=prefs.kind.lower().replace("_", "-"),
        path=prefs.path if prefs.kind != "BRIDGE" else None,
        tls=prefs.use_tls,
        ca_file=bpy.path.abspath(prefs.ca_file) if prefs.use_tls else None,
        server_name=prefs.server_name if prefs.use_tls else None,
        client_cert=bpy.path.abspath(prefs.client_cert) if prefs.use_tls else None,
        expect_protocol=_words(prefs.expect_protocol),
        offers=sorted(prefs.offers) if prefs.is_property_set("offers") else (),
        headers=_words(prefs.headers) if prefs.kind != "BRIDGE" else (),
        server_config=bpy.path.abspath(prefs.server_config) if prefs.server_config else None,
        lock=bpy.path.abspath(prefs.lock_file) if prefs.lock_file else None,
        locked=bool(prefs.lock_file) and prefs.lock_must_match,
        pins=[row.requirement for row in prefs.pins if row.requirement.strip()],
        allowed_commands=[row.digest for row in prefs.permissions],
        ignore=_words(prefs.muted),
        # Installing takes longer than what usually is enough, so only a chosen time counts for it.
        deadline=prefs.deadline if prefs.is_property_set("deadline") or not isolate else None,
        own_folder=own_folder(),
        isolate=isolate,
    )


def own_folder() -> Path | None:
    """Where the extension may keep files of its own; None where it is no extension and Blender names no place."""
    try:
        path = bpy.utils.extension_path_user(PACKAGE)
    except ValueError:
        return None
    return Path(path) if path else None


def allow(context: bpy.types.Context, digest: str, app: str, command_line: str) -> None:
    """Remember that this very command may be started."""
    prefs = preferences(context)
    if prefs is None:
        _allowed_without_preferences.add(digest)
        return
    if any(row.digest == digest for row in prefs.permissions):
        return
    row = prefs.permissions.add()
    row.digest, row.app, row.command_line = digest, app, command_line
    context.preferences.is_dirty = True


def revoke(context: bpy.types.Context, digest: str) -> bool:
    """Take the permission back; False when there was none."""
    _allowed_without_preferences.discard(digest)
    prefs = preferences(context)
    if prefs is None:
        return False
    for index, row in enumerate(prefs.permissions):
        if row.digest == digest:
            prefs.permissions.remove(index)
            context.preferences.is_dirty = True
            return True
    return False


def _words(text: str) -> list[str]:
    """The items of a list that is separated by commas or blanks."""
    return text.replace(",", " ").split()
