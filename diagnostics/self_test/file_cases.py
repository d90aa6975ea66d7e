# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cases are set up that are about an AI app's configuration: what stands where the file should be."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from ..model import Link, Target
from .room import NotHereError, Room, Setup

_GOOD = '{"mcpServers": {"blender": {"command": "uvx", "args": ["mcp-for-blender"]}}}'
_NO_PORT = 9
"""Of these cases nobody connects anywhere."""


def _with(place: Callable[[Path], object]) -> Setup:
    """A case in which this is put where the configuration should be."""

    @contextlib.asynccontextmanager
    async def setup(room: Room) -> AsyncIterator[Target]:
        place(room.configuration())
        yield room.of_app(_NO_PORT, Link.CLIENT)

    return setup


def _holding(data: bytes | str) -> Setup:
    return _with(lambda path: path.write_bytes(data.encode() if isinstance(data, str) else data))


def _entry(**fields: object) -> Setup:
    return _holding(json.dumps({"mcpServers": {"blender": fields}}))


def _pipe(path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        raise NotHereError("this system has no named pipes in folders")
    os.mkfifo(path)


def _link_to_itself(path: Path) -> None:
    try:
        path.symlink_to(path.name)
    except (OSError, NotImplementedError):
        raise NotHereError("this user may not make symbolic links") from None


def _unreadable(path: Path) -> None:
    path.write_text(_GOOD, encoding="utf-8")
    path.chmod(0)
    try:
        path.read_bytes()
    except OSError:
        return
    raise NotHereError("this user may read every file here, whatever its permissions")


FILES: dict[str, Setup] = {
    "file-good": _holding(_GOOD),
    "file-missing": _with(lambda _path: None),
    "file-empty": _holding(""),
    "file-trailing-comma": _holding(_GOOD[:-1] + ",}"),
    "file-comments": _holding("// my servers\n" + _GOOD),
    "file-bom": _holding(b"\xef\xbb\xbf" + _GOOD.encode()),
    "file-utf-16": _holding(_GOOD.encode("utf-16")),
    "file-deep": _holding(b'{"a":' * 100_000),
    "file-folder": _with(Path.mkdir),
    "file-pipe": _with(_pipe),
    "file-link-to-itself": _with(_link_to_itself),
    "file-unreadable": _with(_unreadable),
    "file-servers-a-list": _holding('{"mcpServers": [{"name": "blender", "command": "uvx"}]}'),
    "file-command-number": _entry(command=7, args=["mcp-for-blender"]),
    "file-command-empty": _entry(command="", args=["mcp-for-blender"]),
}
"""Configurations of an AI app (field guide, hostile.md)."""
