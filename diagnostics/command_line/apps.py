# SPDX-License-Identifier: GPL-3.0-or-later
"""`apps`: list the AI apps of this machine and their Blender servers."""

from __future__ import annotations

import argparse

from .. import find_apps
from ..model import Snapshot
from ..reports import apps_report
from ..target import make_target
from .arguments import project_folder
from .terminal import write


def apps(options: argparse.Namespace, snapshot: Snapshot | None) -> int:
    """Prints the list; the exit status is 0."""
    target = make_target(apps=options.app, project=project_folder())
    write(apps_report.render(find_apps(target, snapshot), options.format))
    return 0
