# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed in a Python environment, read from its files. Nothing is started and nothing imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    """One installed distribution, as its metadata describes it (PyPA: core metadata, recording installed projects)."""

    name: str
    """Canonical, such as "mcp-for-blender"."""
    version: str
    requires: tuple[str, ...] = ()
    """Its PEP 508 requirements, as they stand."""
    location: Path = Path()
    """Its `.dist-info` folder."""
    damage: str = ""
    """What is wrong with it where it is only half there, in words; empty for a whole one."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python environment. Texts are empty and mappings too where something could not be read."""

    kind: str
    """How it came to be: "uvx", "uv tool", "uv project", "pipx", "virtual environment", "interpreter", "extension"."""
    root: Path
    python: Path | None = None
    """The interpreter."""
    python_version: str = ""
    """Such as "3.11.9"."""
    packages: Mapping[str, Package] = field(default_factory=dict)
    """By canonical name."""
