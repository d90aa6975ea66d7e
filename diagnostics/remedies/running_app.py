# SPDX-License-Identifier: GPL-3.0-or-later
"""Apps that write their configuration anew while they run: what is changed meanwhile would be lost (failures A4)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..knowledge.apps import App
from ..knowledge.repairs import words
from ..model import Machine
from ..probes.app_processes import first_process
from ..probes.process_names import read_process_names
from .refusal import refusal


def rewrites(app: App, file: Path) -> bool:
    """Whether this app writes this file anew from its memory."""
    return bool(app.rewrites) and file.name in app.files


def require_ended(files: Iterable[tuple[App, Path]], machine: Machine) -> None:
    """Raises ChangeError when an app runs that would overwrite one of these files. Blocks for some milliseconds."""
    for app, file in files:
        if not (machine.is_here and rewrites(app, file)):
            continue
        names, pattern = app.processes.get(machine.platform, []), app.executable.get(machine.platform, "")
        if (process := first_process(names, pattern, read_process_names())) is not None:
            raise refusal("running", app=app.name, process=process.pid, file=str(file))


def note(files: Iterable[tuple[App, Path]]) -> str:
    """What the user must know before a change of these files, a line for each app; "" where nothing is."""
    lines = dict.fromkeys(
        words("said", "quit_first", {"app": app.name}) + "\n" for app, file in files if rewrites(app, file)
    )
    return "".join(lines)
