# SPDX-License-Identifier: GPL-3.0-or-later
"""Our extension as a user gets it: a zip, built, validated and installed by Blender's own commands."""

from __future__ import annotations

import shutil
import sys
import tempfile
import tomllib
from pathlib import Path

from tests.lab.headless import Headless, any_present, find, wanted
from tests.lab.inventory import REPOSITORY

MODULE = "bl_ext.user_default.mcp_diagnostics"


def build(blender: Headless, folder: Path, source: Path = REPOSITORY) -> Path:
    """Build the zip from a checkout into `folder`, and have it validated. Raises RuntimeError with Blender's words."""
    resources = folder / "build-resources"
    output = folder / "dist"
    output.mkdir(parents=True, exist_ok=True)
    # A copy of what the manifest ships: a room sees it whatever the checkout's folder is, and no cache slips in.
    copy = folder / "source"
    left_out = shutil.ignore_patterns(".*", "tests", "dist", "lab-output", "__pycache__", "uv.lock", "build")
    shutil.copytree(source, copy, ignore=left_out, dirs_exist_ok=True)
    blender.extension("validate", copy, resources=resources)
    blender.extension("build", "--source-dir", copy, "--output-dir", output, resources=resources)
    manifest = tomllib.loads((source / "blender_manifest.toml").read_text(encoding="utf-8"))
    zipped = output / f"{manifest['id']}-{manifest['version']}.zip"
    blender.extension("validate", zipped, resources=resources)
    return zipped


def main() -> None:
    """`python -m tests.lab.extension FOLDER`: put the zip there. A program is preferred to a wheel."""
    programs = (found for version, _ in wanted() if (found := find(version)) and found.is_program)
    blender = next(programs, any_present())
    if blender is None:
        sys.exit("no Blender to build the extension with: run tests/lab/prepare")
    with tempfile.TemporaryDirectory() as folder:
        zipped = build(blender, Path(folder))
        target = Path(sys.argv[1])
        target.mkdir(parents=True, exist_ok=True)
        print(f"built and validated by Blender {blender.version}: {shutil.copy(zipped, target)}")


if __name__ == "__main__":
    main()
