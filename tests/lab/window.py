# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Blender with a window, on a screen without a monitor, in a room of its own."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.inventory import Suite, shader_cache, suite_root, suite_version
from tests.lab.pointer import Pointer
from tests.lab.processes import end, until
from tests.lab.room import Room

WIDTH, HEIGHT = 1600, 1000
SIDEBAR_WIDTH = 200
"""Pixels: less than a sidebar that has slid in, more than the strip of its tabs."""
_CONTROL = Path(__file__).with_name("remote_control.py")
_INSTALL = Path(__file__).with_name("install_inside.py")


class RemoteError(Exception):
    """Code that was sent into Blender raised; the message is its traceback."""


class BlenderWindow:
    """One Blender with a window. Use as a context manager.

    `folder` is seen at the same path by Blender and the tests; HOME and Blender's user folder are in it. `screenshots`
    is where `screenshot` puts its pictures.
    """

    def __init__(self, suite: Suite, folder: Path, screenshots: Path) -> None:
        self.suite = suite
        self.version = suite_version(suite) or suite.blender
        self.folder = folder
        self.home = folder / "home"
        self.room = Room(suite_root(suite), folder)
        self.pointer = Pointer(self)
        self._screenshots = screenshots
        self._remote = folder / "remote"
        self._numbers = itertools.count(1)
        self._screen: subprocess.Popen[str] | None = None
        self._blender: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        for path in (self.home, self._remote, self._screenshots):
            path.mkdir(parents=True, exist_ok=True)
        self.room.__enter__()
        try:
            self._start_screen()
        except BaseException:
            end(self._screen)
            self.room.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self.stop()
            end(self._screen)
        finally:
            self.room.close()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of Blender: like that of a program started from the desktop."""
        return self.room.environment(
            HOME=str(self.home),
            BLENDER_USER_RESOURCES=str(self.folder / "blender"),
            MCP_DIAGNOSTICS_REMOTE=str(self._remote),
            BLENDERMCP_NO_UPDATE_CHECK="1",
            DISABLE_TELEMETRY="true",
            MESA_SHADER_CACHE_DIR=str(shader_cache()),
        )

    @property
    def pid(self) -> int:
        """Blender's process id: the same in its room and outside."""
        if self._blender is None:
            raise RuntimeError("Blender is not started")
        return self._blender.pid

    @property
    def log(self) -> str:
        """What Blender has printed."""
        return (self.folder / "blender.log").read_text(encoding="utf-8", errors="replace")

    @property
    def exit_code(self) -> int | None:
        """How Blender ended; None while it runs."""
        return None if self._blender is None else self._blender.poll()

    def install(self, extension: Path | None = None, addon: Path | None = None) -> None:
        """Install and enable the zip of our extension and the real add-on, before Blender is started."""
        if extension is not None:
            shutil.copy(extension, self.folder)
            to_repository = ["install-file", "-r", "user_default", "--enable", str(self.folder / extension.name)]
            self._in_background("--command", "extension", *to_repository)
        shutil.copy(_INSTALL, self.folder)
        script = ["--python-exit-code", "1", "--python", str(self.folder / _INSTALL.name), "--"]
        self._in_background("-b", *script, *([] if addon is None else [str(addon)]))

    def start(self, *arguments: str, deadline_s: float = 90) -> None:
        """Start Blender and return when its event loop runs; then the sidebar of the 3D View is open."""
        shutil.copy(_CONTROL, self.folder)
        geometry = ["--window-geometry", "0", "0", str(WIDTH), str(HEIGHT)]
        argv = ["blender", *geometry, "--python", str(self.folder / _CONTROL.name), *arguments]
        self._blender = self.room.spawn(argv, env=self.environment, log=self.folder / "blender.log")
        self._wait_for_file("ready", "Blender's window", deadline_s)
        self.run_python("with view3d() as context:\n    context.space_data.show_region_ui = True")
        # The sidebar slides in; a click must not miss it.
        until(lambda: self.pointer.region().width > SIDEBAR_WIDTH or None, "the sidebar to be open", 10)

    def stop(self, patience_s: float = 5) -> int | None:
        """End Blender, gently first; return its exit code."""
        code = end(self._blender, patience_s)
        self._blender = None
        for left in self._remote.iterdir():
            left.unlink()
        return code

    def run_python(self, code: str, deadline_s: float = 30) -> Any:
        """Run code on Blender's main thread; return the value of its last expression. See `remote_control`."""
        number = f"{next(self._numbers):06}"
        writing = self._remote / f"{number}.writing"
        writing.write_text(code, encoding="utf-8")
        writing.rename(self._remote / f"{number}.request")
        answer = self._wait_for_file(f"{number}.answer", f"the answer to {code.strip()[:80]!r}", deadline_s)
        if "error" in answer:
            raise RemoteError(answer["error"])
        return answer.get("value")

    def wait_for(self, expression: str, deadline_s: float = 30) -> Any:
        """Evaluate inside Blender until the value is true; return it."""
        return until(lambda: self.run_python(expression) or None, f"{expression} in Blender", deadline_s)

    def use_home(self, home: Path) -> None:
        """Make `home` the user's folder for everything that Blender's Python looks up from now on."""
        self.run_python(f"import os; os.environ['HOME'] = {str(home)!r}")

    def click(self, x: int, y: int) -> None:
        """Click with the mouse, pixels from the window's top left corner."""
        self.pointer.click(x, y)

    def screenshot(self, name: str) -> Path:
        """Take a picture of the whole screen into the folder that is kept."""
        taken = self.folder / "screenshot.png"
        self.room.run(["import", "-window", "root", taken], timeout_s=20, env=self.environment)
        return Path(shutil.copy(taken, self._screenshots / f"{self.version}-{name}.png"))

    def _in_background(self, *arguments: str) -> None:
        self.room.run(["blender", *arguments], timeout_s=60, env=self.environment)

    def _start_screen(self) -> None:
        screen = ["-screen", "0", f"{WIDTH}x{HEIGHT}x24", "+extension", "GLX", "-nolisten", "tcp", "-displayfd", "1"]
        log = self.folder / "screen.log"
        self._screen = self.room.spawn(["Xvfb", ":0", *screen], env=self.environment, log=log)
        # It writes the display's number, among its warnings, as soon as clients may connect.
        until(lambda: "0" in log.read_text(encoding="utf-8").splitlines(), "Xvfb", 20)

    def _wait_for_file(self, name: str, what: str, deadline_s: float) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            try:
                return dict(json.loads((self._remote / name).read_text(encoding="utf-8")))
            except FileNotFoundError:
                if self.exit_code is not None:
                    raise RemoteError(f"Blender ended with {self.exit_code}:\n{self.log[-4000:]}") from None
                return None

        answer = until(look, what, deadline_s, pause_s=0.005)
        (self._remote / name).unlink()
        return answer
