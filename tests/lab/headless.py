# SPDX-License-Identifier: GPL-3.0-or-later
"""Blenders without a window: the `bpy` wheels and, in a room, the Debian packages with `-b`.

Both run the functions of a file in `tests/blender/inside/` and hand back what they return, so one test serves all.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import inventory as lab
from tests.lab import room as rooms
from tests.lab.processes import network_settings, run
from tests.lab.room import Room

_DRIVER = """
import json, pathlib, sys, traceback
import bpy  # a wheel finds Blender's own modules only after this
here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here))
call = json.loads((here / "call.json").read_text(encoding="utf-8"))
for module in call["enable"]:
    bpy.ops.preferences.addon_enable(module=module)
try:
    import inside
    answer = {"value": getattr(inside, call["function"])(**call["arguments"])}
except BaseException:
    answer = {"error": traceback.format_exc()}
(here / "answer.json").write_text(json.dumps(answer, default=repr), encoding="utf-8")
"""


_EXTENSION_COMMAND = """
import sys
import bpy
from bl_pkg.bl_extension_cli import cli_extension_handler
sys.exit(cli_extension_handler(sys.argv[1:]))
"""


class InsideError(Exception):
    """The function inside Blender raised; the message is its traceback."""


@dataclass(frozen=True, slots=True)
class Headless:
    """One Blender without a window. `python` is the interpreter of a wheel; `suite` is set for a program in a room."""

    version: str
    python: Path | None = None
    suite: lab.Suite | None = None

    @property
    def is_program(self) -> bool:
        """It has a command line of its own (`blender --command …`), which a wheel has not."""
        return self.suite is not None

    def call(
        self,
        file: Path,
        function: str,
        resources: Path,
        *,
        options: Sequence[str] = (),
        enable: Sequence[str] = (),
        timeout_s: float = 90,
        **arguments: Any,
    ) -> Any:
        """Call `function` of `file` inside Blender, whose user folder is `resources`.

        `options` are for the program alone, before its script; `enable` names the modules that the user's preferences
        enable. Raises InsideError when the function raises.
        """
        work = resources.parent / f"{resources.name}-calls"
        work.mkdir(exist_ok=True)
        place, driver, call, answer = (work / name for name in ("inside.py", "driver.py", "call.json", "answer.json"))
        shutil.copy(file, place)
        # A program does this by itself; a wheel starts with factory settings (and 4.2 dies of `read_userpref`).
        again = [] if self.is_program else list(enable)
        asked = {"function": function, "arguments": arguments, "enable": again}
        call.write_text(json.dumps(asked, default=str), encoding="utf-8")
        driver.write_text(_DRIVER, encoding="utf-8")
        answer.unlink(missing_ok=True)
        script: list[str | Path] = [driver] if self.python else ["-b", *options, "--python", driver]
        ended = self.run(script, resources, timeout_s=timeout_s, check=False)
        if not answer.exists():
            raise InsideError(
                f"Blender {self.version} ended with {ended.returncode} before the answer:\n{ended.stdout}{ended.stderr}"
            )
        read = json.loads(answer.read_text(encoding="utf-8"))
        if "error" in read:
            raise InsideError(f"in Blender {self.version}:\n{read['error']}\n{ended.stdout[-3000:]}")
        return read["value"]

    def run(
        self, arguments: Sequence[str | Path], resources: Path, *, timeout_s: float = 90, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the program, or the wheel's interpreter, with these arguments."""
        resources.mkdir(parents=True, exist_ok=True)
        environment = {"BLENDER_USER_RESOURCES": str(resources), "HOME": str(resources), "PYTHONDONTWRITEBYTECODE": "1"}
        if self.suite is None:
            assert self.python is not None
            env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **network_settings(), **environment}
            return run([self.python, *arguments], timeout_s=timeout_s, env=env, check=check)
        with Room(lab.suite_root(self.suite), resources.parent, lab.REPOSITORY) as room:
            return room.run(
                ["blender", *arguments], timeout_s=timeout_s, env=room.environment(**environment), check=check
            )

    def extension(self, *arguments: str | Path, resources: Path) -> subprocess.CompletedProcess[str]:
        """`blender --command extension …`, whose words a wheel understands too."""
        if self.is_program:
            return self.run(["--command", "extension", *arguments], resources)
        return self.run(["-c", _EXTENSION_COMMAND, *arguments], resources)


@functools.cache
def own_wheel() -> str | None:
    """The version of `bpy` in the environment of the tests themselves."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("bpy")
    return None


def find(version: str) -> Headless | None:
    """The headless Blender of this version, if the machine has it."""
    if own_wheel() == version:
        return Headless(version, python=Path(sys.executable))
    if lab.wheel_version(version):
        return Headless(version, python=lab.wheel_python(version))
    for suite in lab.SUITES:
        if lab.suite_version(suite) == version and rooms.refusal() is None:
            return Headless(version, suite=suite)
    return None


def wanted() -> Iterator[tuple[str, bool]]:
    """Every version that is to be tested, and whether the laboratory is incomplete without it."""
    for version in lab.WHEELS:
        yield version, True
    for suite in lab.SUITES:
        yield lab.suite_version(suite) or suite.blender, suite.required


def why_absent(version: str) -> str:
    """Why there is no headless Blender of this version here."""
    if version in lab.WHEELS:
        return lab.why_absent(f"bpy {version}")
    suite = next(suite for suite in lab.SUITES if version in {suite.blender, lab.suite_version(suite)})
    if lab.suite_version(suite):
        return f"Blender {version} is there, but {rooms.refusal()}"
    return lab.why_absent(f"Debian {suite.name}") + f" (Blender {version})"


def any_present() -> Headless | None:
    """Some Blender for what every one of them does alike."""
    return next((found for version, _ in wanted() if (found := find(version))), None)
