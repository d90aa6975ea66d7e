# SPDX-License-Identifier: GPL-3.0-or-later
"""What the product knows about the world, as data: one TOML file per subject, loaded once and on first use."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources
from typing import Any


@functools.cache
def table(name: str) -> dict[str, Any]:
    """The content of `<name>.toml` beside this module. It must not be changed."""
    return tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=16)
def speaks_of(word: str) -> bool:
    """Whether this stands as a word somewhere in what the product knows, whatever its case."""
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    return any(pattern.search(text) for text in _texts())


@functools.cache
def _texts() -> tuple[str, ...]:
    folder = resources.files(__package__)
    files = (*folder.iterdir(), *folder.joinpath("causes").iterdir())
    return tuple(file.read_text(encoding="utf-8") for file in files if file.name.endswith(".toml"))
