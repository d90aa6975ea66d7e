# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixtures through which tests use the laboratory. `tests/conftest.py` offers them to every test.

extension_zip   our extension, built and validated by a real Blender
headless        every Blender without a window, one after the other
lab             `lab.blender("4.3.2")`: a Blender with a window, our extension and the real add-on, kept for the session
window          every Blender with a window, one after the other
home            a home folder that every opened window uses during one test
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.lab import doctor, extension, inventory, real_addon
from tests.lab import headless as headlessly
from tests.lab import room as rooms
from tests.lab.headless import Headless
from tests.lab.home import Home
from tests.lab.window import BlenderWindow

OPTIONAL = "optional: "
"""A reason to skip begins so when the laboratory is complete without that part."""


class Lab:
    """The Blenders with a window, each started when it is first asked for."""

    def __init__(self, factory: pytest.TempPathFactory, zipped: Path, stack: ExitStack) -> None:
        self._factory = factory
        self._zip = zipped
        self._stack = stack
        self._numbers = itertools.count(1)
        self.windows: dict[str, BlenderWindow] = {}

    def blender(self, version: str) -> BlenderWindow:
        """The window of this version, with our extension and the real add-on, which answers. Skips without one."""
        window = self.windows.get(version)
        if window is None or window.exit_code is not None:
            window = self._stack.enter_context(self.closed_window(version))
            window.install(self._zip, inventory.addon_file())
            window.start()
            real_addon.wait_until_up(window)
            self.windows[version] = window
        return window

    def closed_window(self, version: str) -> BlenderWindow:
        """A window of this version for one test: not started yet, nothing installed. Use as a context manager."""
        suite = next(suite for suite in inventory.SUITES if version in {suite.blender, inventory.suite_version(suite)})
        optional = "" if suite.required else OPTIONAL
        if refusal := rooms.refusal():
            pytest.skip(f"{optional}Blender {version} with a window: {refusal}")
        if inventory.suite_version(suite) is None:
            pytest.skip(f"{optional}{headlessly.why_absent(version)}")
        folder = self._factory.mktemp(f"window-{version}-{next(self._numbers)}")
        return BlenderWindow(suite, folder, inventory.REPOSITORY / "lab-output")


@pytest.fixture(scope="session")
def extension_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our extension, built and validated by a real Blender."""
    blender = headlessly.any_present()
    if blender is None:
        pytest.skip("no Blender at all: the zip is built by Blender's own command")
    return extension.build(blender, tmp_path_factory.mktemp("extension"))


@pytest.fixture(
    scope="session", params=[pytest.param(wanted, id=f"blender-{wanted[0]}") for wanted in headlessly.wanted()]
)
def headless(request: pytest.FixtureRequest) -> Headless:
    """A Blender without a window: the wheels and the programs, one after the other."""
    version, required = request.param
    found = headlessly.find(version)
    if found is None:
        pytest.skip(("" if required else OPTIONAL) + headlessly.why_absent(version))
    return found


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, extension_zip: Path) -> Iterator[Lab]:
    """The Blenders with a window; all are ended with the session."""
    with ExitStack() as stack:
        yield Lab(tmp_path_factory, extension_zip, stack)


@pytest.fixture(params=[inventory.suite_version(suite) or suite.blender for suite in inventory.SUITES])
def window(request: pytest.FixtureRequest, lab: Lab) -> BlenderWindow:
    """Each Blender with a window, one after the other; our preferences are the defaults at the start of each test."""
    opened = lab.blender(request.param)
    doctor.reset_preferences(opened)
    return opened


@pytest.fixture
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Home:
    """A home with Claude Desktop and the real server. A window that the test asked for looks into it."""
    made = Home(tmp_path / "home")
    made.configure()
    if "window" in request.fixturenames:
        window: BlenderWindow = request.getfixturevalue("window")
        moved = Home(window.folder / f"home-{tmp_path.name}")
        made.path.rename(moved.path)
        made = moved
        window.use_home(made.path)
    return made
