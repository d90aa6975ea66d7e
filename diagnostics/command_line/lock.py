# SPDX-License-Identifier: GPL-3.0-or-later
"""`lock`: record a working chain, or compare this one with what is recorded."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import diagnose, find_apps, locking
from ..knowledge import table
from ..lock import FILE_NAME
from ..model import Snapshot
from ..reports import render
from ..target import TargetError
from .arguments import target_of
from .terminal import progress, write

NOT_ALL_COMPARED = 3


def _one_server(options: argparse.Namespace, snapshot: Snapshot | None) -> None:
    """A lock is about one chain. Raises TargetError where several servers are set up."""
    found = find_apps(target_of(options), snapshot)
    named = [f"“{entry.name}” of {app.name}" for app in found.apps for entry in app.entries if entry.enabled]
    if len(named) > 1:
        shown = ", ".join(named[:4])
        raise TargetError("app", f"a lock is about one server, and set up are {shown}; name one app, or switch one off")


def lock(options: argparse.Namespace, snapshot: Snapshot | None) -> int:
    """Records a working chain, or compares this one with what is recorded."""
    file = Path(options.lock or FILE_NAME)
    _one_server(options, snapshot)
    if options.what == "verify":
        target = target_of(options, lock=file)
        with progress() as tell:
            report = diagnose(target, snapshot, on_event=tell)
        assert target.lock is not None  # noqa: S101  # `make_target` has read it
        said = locking.verify(report, target.lock)
        lines = list(said.lines)
        if said.status == NOT_ALL_COMPARED and not target.launch:
            lines.append(table("words")["lock"]["launch"])
        write(render(report, "json") if options.format == "json" else "\n".join(lines) + "\n")
        return said.status
    target = target_of(options)
    if not file.parent.is_dir():
        raise TargetError("lock", f"there is no folder “{file.parent}”")
    try:
        with progress() as tell:
            said = locking.write(target, file, snapshot, tell)
    except locking.NotOursError as error:
        raise TargetError("lock", str(error)) from None
    except OSError as error:
        raise TargetError("lock", f"“{file}” cannot be written: {error.strerror or error}") from None
    write("\n".join(said.lines) + "\n")
    return said.status
