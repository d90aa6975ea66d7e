# SPDX-License-Identifier: GPL-3.0-or-later
"""Our extension, installed in one Blender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.extension import MODULE
from tests.lab.headless import Headless, wanted

INSIDE = Path(__file__).with_name("inside") / "calls.py"

_EVERY = [pytest.param(found, id=f"blender-{found[0]}") for found in wanted()]
in_the_oldest_and_the_newest = pytest.mark.parametrize("headless", [_EVERY[0], _EVERY[-1]], indirect=True)
"""For what lies between Python and us and is the same in each Blender: five of them would cost a minute."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A Blender, and its user folder, in which our extension is installed and enabled."""

    blender: Headless
    resources: Path
    zip: Path

    def call(self, function: str, options: Sequence[str] = (), **arguments: Any) -> Any:
        """Call a function of `inside/calls.py` in this Blender."""
        return self.blender.call(INSIDE, function, self.resources, options=options, enable=[MODULE], **arguments)
