# SPDX-License-Identifier: GPL-3.0-or-later
"""Our zip, installed into each Blender without a window, once a session."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.blender.installation import INSIDE, Installed
from tests.lab.headless import Headless


@pytest.fixture(scope="session")
def installed(headless: Headless, extension_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """By `--command extension install-file` where Blender is a program, by the operator where it is a wheel."""
    folder = tmp_path_factory.mktemp(f"blender-{headless.version}")
    zipped = Path(shutil.copy(extension_zip, folder))
    made = Installed(headless, folder / "resources", zipped)
    if headless.is_program:
        headless.extension("install-file", "-r", "user_default", "--enable", zipped, resources=made.resources)
    else:
        headless.call(INSIDE, "install", made.resources, zip=zipped)
    return made
