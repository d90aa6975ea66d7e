# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment in which an entry's server runs."""

from __future__ import annotations

from dataclasses import dataclass

from ..probes.environment import Environment
from .entries import Entry


@dataclass(frozen=True, slots=True)
class EnvironmentSeen:
    """What is installed where an entry's server runs."""

    entry: Entry
    environment: Environment
    sure: bool = True
    """The server will use exactly this; otherwise it is what was made last, and may be made anew."""
