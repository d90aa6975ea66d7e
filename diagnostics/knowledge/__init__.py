# SPDX-License-Identifier: GPL-3.0-or-later
"""What the product knows about the world, as data: one TOML file per subject, loaded once and on first use."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Any


@functools.cache
def table(name: str) -> dict[str, Any]:
    """The content of `<name>.toml` beside this module. It must not be changed."""
    return tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
