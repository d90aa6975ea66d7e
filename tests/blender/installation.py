# SPDX-License-Identifier: GPL-3.0-or-later
"""Our extension, installed in one Blender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.extension import MODULE
from tests.lab.headless import Headless

INSIDE = Path(__file__).with_name("inside") / "calls.py"


@dataclass(frozen=True, slots=True)
class Installed:
    """A Blender, and its user folder, in which our extension is installed and enabled."""

    blender: Headless
    resources: Path
    zip: Path

    def call(self, function: str, options: Sequence[str] = (), **arguments: Any) -> Any:
        """Call a function of `inside/calls.py` in this Blender."""
        return self.blender.call(INSIDE, function, self.resources, options=options, enable=[MODULE], **arguments)
