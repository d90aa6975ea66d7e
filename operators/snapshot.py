# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain picture of this Blender, taken on the main thread before a run.

What can be known about a bridge without its socket stands in the field guide, protocols 1.7 and 2.1.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import addon_utils
import bpy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..diagnostics.model import BridgeState, Snapshot

_COMMUNITY = "mcp-for-blender"
_LAB = "blender-lab"
_COMMUNITY_NAMES = frozenset({"MCP for Blender", "Blender MCP"})
_DEFAULT_PORT = 9876
_LIKE_A_BRIDGE = re.compile(r"(?i)blender.?mcp|mcp.{0,5}blender|^addon(?:[ (_-].*)?\.py$")
"""Names under which the add-on is saved: that of the module, of its repository, and of the file to download."""
_MOST_UNLISTED = 8


def take_snapshot(context: bpy.types.Context, *, main_thread_waits: bool = False) -> Snapshot:
    """Look at this Blender. Nothing is changed, nothing is asked outside this process."""
    from ..diagnostics.model import Snapshot  # noqa: PLC0415  # costs nothing until the first run

    installed = _installed(context)
    return Snapshot(
        version=tuple(bpy.app.version),
        version_string=bpy.app.version_string,
        python=platform.python_version(),
        pid=os.getpid(),
        background=bpy.app.background,
        online_access=bool(bpy.app.online_access),
        bridges=tuple(_bridges(context, installed)),
        unlisted=tuple(_unlisted(installed)),
        sandbox=_sandbox(),
        main_thread_waits=main_thread_waits,
    )


def _bridges(context: bpy.types.Context, installed: dict[str, Any]) -> Iterator[BridgeState]:
    ports = _own_listeners()
    found = [
        (product, module)
        for name, module in installed.items()
        if (product := _product(name, module.bl_info)) is not None
    ]
    for product, module in sorted(found, key=lambda row: _certainty(row[0])):
        bridge = _bridge(context, product, module, ports)
        if bridge.running and ports is not None:
            # One port has one listener: the next add-on set to the same port is not the one that listens.
            ports -= {bridge.port}
        yield bridge


def _certainty(product: str) -> int:
    """Which add-on is believed first to own a port: one whose server can be seen, then the one that hides it."""
    if product == _COMMUNITY:
        return 0 if hasattr(bpy.types, "blendermcp_server") else 2
    return 1


def _installed(context: bpy.types.Context) -> dict[str, Any]:
    """The modules of the add-ons, by their names: all that Blender has listed, and all that are enabled."""
    # Listing the folders again would read every add-on's source; an add-on that is enabled is loaded anyway.
    found = {module.__name__: module for module in addon_utils.modules(refresh=False)}
    for name in context.preferences.addons.keys():  # noqa: SIM118  # iterating yields the entries
        module = sys.modules.get(name)
        if isinstance(getattr(module, "bl_info", None), dict):
            found.setdefault(name, module)
    return found


def _unlisted(installed: dict[str, Any]) -> Iterator[Path]:
    """What lies in the folders of add-ons, is called like a bridge, and is not among the add-ons that Blender lists."""
    found = [
        path
        for folder in addon_utils.paths()
        for path in Path(folder).glob("*")
        if _LIKE_A_BRIDGE.search(path.name) and path.stem not in installed
    ]
    yield from sorted(found)[:_MOST_UNLISTED]


def _product(name: str, bl_info: dict[str, Any]) -> str | None:
    """Which of the known products this add-on is."""
    if bl_info.get("name") in _COMMUNITY_NAMES:
        return _COMMUNITY
    is_lab = name.startswith("bl_ext.") and name.endswith(".mcp") and bl_info.get("name") == "MCP"
    return _LAB if is_lab and "Blender Lab" in str(bl_info.get("author", "")) else None


def _bridge(context: bpy.types.Context, product: str, module: Any, ports: frozenset[int] | None) -> BridgeState:
    from ..diagnostics.model import BridgeState  # noqa: PLC0415

    name, bl_info, file = module.__name__, module.bl_info, getattr(module, "__file__", None)
    enabled = addon_utils.check(name)[1]
    host, port, running = _community(context) if product == _COMMUNITY else _lab(context, name)
    if not running:
        # Where the listeners of this process cannot be read, an enabled add-on gets the benefit of the doubt.
        running = ports is None or port in ports
    return BridgeState(
        product=product,
        module=name,
        name=str(bl_info.get("name")),
        version=_numbers(bl_info.get("version")),
        enabled=enabled,
        running=enabled and running,
        host=host,
        port=port,
        file=Path(file) if file else None,
        wanted=name in context.preferences.addons,
        needs_blender=_numbers(bl_info.get("blender")),
        says_running=product == _COMMUNITY and bool(getattr(context.scene, "blendermcp_server_running", False)),
        start_failed=enabled and not running and product == _COMMUNITY and _tried_to_start(),
        features_off=tuple(_features_off(context)) if enabled and product == _COMMUNITY else (),
    )


def _tried_to_start() -> bool:
    """The server is made when it is started, and taken away when the user stops it: one that is there has failed."""
    return getattr(bpy.types, "blendermcp_server", None) is not None


def _features_off(context: bpy.types.Context) -> Iterator[str]:
    for prop in bpy.types.Scene.bl_rna.properties:
        if prop.identifier.startswith("blendermcp_use_") and not getattr(context.scene, prop.identifier):
            yield prop.name.removeprefix("Use ")


def _sandbox() -> str:
    """What keeps this Blender apart from the rest of a Linux system."""
    if os.environ.get("FLATPAK_ID") or Path("/.flatpak-info").exists():
        return "Flatpak"
    return "Snap" if os.environ.get("SNAP") and "blender" in os.environ.get("SNAP_NAME", "") else ""


def _community(context: bpy.types.Context) -> tuple[str | None, int | None, bool]:
    """Host, port and whether it runs, as the add-on keeps them. Its scene's "server running" is saved and may lie."""
    server = getattr(bpy.types, "blendermcp_server", None)
    if server is None:
        return None, getattr(context.scene, "blendermcp_port", _DEFAULT_PORT), False
    thread = getattr(server, "server_thread", None)
    running = bool(getattr(server, "running", False)) and (thread is None or thread.is_alive())
    return getattr(server, "host", None), getattr(server, "port", None), running


def _lab(context: bpy.types.Context, name: str) -> tuple[str | None, int | None, bool]:
    """Host and port from the add-on's preferences. Whether it runs is seen by its listener only."""
    entry = context.preferences.addons.get(name)
    prefs = getattr(entry, "preferences", None)
    return getattr(prefs, "host", None), getattr(prefs, "port", _DEFAULT_PORT), False


def _numbers(parts: object) -> tuple[int, ...]:
    """A version as an add-on states it."""
    return tuple(part for part in parts if isinstance(part, int)) if isinstance(parts, (tuple, list)) else ()


def _own_listeners() -> frozenset[int] | None:
    """Ports on which this very process listens; None when the system does not tell."""
    import psutil  # noqa: PLC0415  # a compiled module: loaded when a run needs it

    try:
        connections = psutil.Process().net_connections("tcp")
    except (psutil.Error, OSError):
        return None
    return frozenset(c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN)
