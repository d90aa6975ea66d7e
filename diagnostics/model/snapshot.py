# SPDX-License-Identifier: GPL-3.0-or-later
"""This Blender, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BridgeState:
    """One Blender MCP add-on, as this Blender itself knows it (field guide, protocols 1.7). Read on the main thread."""

    product: str
    """Id of a product in `knowledge/products.toml`."""
    module: str
    name: str
    version: tuple[int, ...]
    enabled: bool
    running: bool
    host: str | None = None
    port: int | None = None
    file: Path | None = None
    """Its source, where there is one file to read."""
    wanted: bool = False
    """The user's preferences enable it, whether or not Blender could load it."""
    needs_blender: tuple[int, ...] = ()
    """The oldest Blender that it says it works with."""
    says_running: bool = False
    """The open file says that its server runs, which was true when the file was saved."""
    start_failed: bool = False
    """It tried to start its server, and the server does not run."""
    features_off: tuple[str, ...] = ()
    """Its integrations with other services that are switched off in the open file."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Plain picture of this Blender, taken on the main thread before a run. There is none outside Blender."""

    version: tuple[int, int, int]
    version_string: str
    python: str
    pid: int
    background: bool
    online_access: bool
    bridges: tuple[BridgeState, ...] = ()
    unlisted: tuple[Path, ...] = ()
    """Files in the folders of add-ons that are called like a bridge and that Blender does not take for an add-on."""
    sandbox: str = ""
    """What keeps this Blender apart from the rest of the system: "Flatpak", "Snap" or nothing."""
    main_thread_waits: bool = False
    """The main thread waits for this run in a window, so an add-on of this process cannot answer until it is over."""
