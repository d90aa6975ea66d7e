# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs a server into a clean environment, loads it, starts it and asks it; then removes the environment.

What a clean environment tells apart: a server that does not work anywhere, and one whose own environment is broken.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ..ledger import Ledger
from ..model import Command
from .background import in_thread
from .imports import Imports, try_imports
from .mcp_stdio import ServerAnswer, ask_server
from .process import to_its_end
from .resolution import reason_in, wants_network
from .run_program import Ran, clean_lines, run_program

STEPS = ("environment", "installation", "imports", "handshake")
_PREFIX = "clean-"
_MIN_S = 2.0
_REASON_BYTES = 4096
_ANSWER_S = 30.0
"""How long the server may take to answer, once it is installed and has been loaded."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to install, with what, and what to start of it."""

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    modules: tuple[str, ...]
    """To be loaded before it is started."""
    optional: tuple[str, ...]
    """Those of them that need not be there."""
    program: str
    """The console script to start; "" for `python` itself, with `args`."""
    args: tuple[str, ...]
    environ: Mapping[str, str]
    """All variables for the installation and for the server."""
    cwd: str | None = None
    uv: Path | None = None
    python: str = ""
    """For uv what `--python` takes, "" for its own choice; without uv the interpreter, which must have pip."""
    options: tuple[str, ...] = ()
    """Further ones for uv, such as the package index that the entry names."""


@dataclass(frozen=True, slots=True)
class Isolated:
    """How far it came. Text from outside is safe to show, but for secrets."""

    failed_at: str = ""
    """One of `STEPS`; empty when all went well."""
    reason: tuple[str, ...] = ()
    """Why, in the words of the one that failed."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The distributions that were loaded."""
    imports: Imports | None = None
    answer: ServerAnswer | None = None

    @property
    def worked(self) -> bool:
        """The server could be installed and loaded, and it answers."""
        return not self.failed_at


@contextlib.asynccontextmanager
async def clean_folder(parent: Path | None, ledger: Ledger) -> AsyncIterator[Path]:
    """An empty folder below `parent`, None for the system's own place for such. It is removed, whatever happens.

    Those of runs that were killed are removed too. Raises OSError where none can be made.
    """
    made: list[Path] = []
    try:
        # Neither is left half-done when the run is cancelled; the processes that write into it have ended before.
        folder, cancelled = await to_its_end(in_thread(lambda: _make(parent, ledger, made)))
        if cancelled is not None:
            raise cancelled
        yield folder
    finally:
        _, cancelled = await to_its_end(in_thread(lambda: _remove(parent, made)))
        if cancelled is not None:
            raise cancelled


def _make(parent: Path | None, ledger: Ledger, made: list[Path]) -> Path:
    if parent is not None:
        missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
        parent.mkdir(parents=True, exist_ok=True)
        made += missing
        _remove_abandoned(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    made.insert(0, folder)
    ledger.written(folder)
    return folder


def _remove(parent: Path | None, made: Sequence[Path]) -> None:
    for folder in made[:1]:
        shutil.rmtree(folder, ignore_errors=True)
    for folder in made[1:] if parent is not None else ():
        with contextlib.suppress(OSError):  # another run uses it
            folder.rmdir()


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


async def try_isolated(
    recipe: Recipe,
    *,
    folder: Path,
    online: bool,
    ledger: Ledger,
    remaining_s: Callable[[], float],
    say: Callable[[str], None],
) -> Isolated:
    """Does all of it in `folder`, which is empty. `say` hears which of `STEPS` begins, `remaining_s` ends them all.

    Never raises for what the programs do; when cancelled, they are ended first.
    """
    trial = _Trial(recipe, folder / "env", online, ledger, remaining_s)
    say("environment")
    if not (ran := await trial.make()).worked:
        return Isolated("environment", _reason(ran))
    say("installation")
    if not (ran := await trial.install()).worked:
        return Isolated("installation", _reason(ran))
    say("imports")
    loaded = await try_imports(
        trial.python,
        recipe.modules,
        environ=recipe.environ,
        ledger=ledger,
        deadline_s=trial.left_s,
        optional=recipe.optional,
    )
    if not loaded.worked:
        failed = loaded.failed
        reason = (failed.error,) if failed else (loaded.problem,)
        return Isolated("imports", reason, loaded.versions, loaded)
    say("handshake")
    command = trial.command()
    ledger.started(command.argv)
    answer = await ask_server(
        command, environ=recipe.environ, program=command.program, deadline_s=min(trial.left_s, _ANSWER_S)
    )
    works = answer.answered and answer.exit_code is None
    return Isolated("" if works else "handshake", () if works else _silence(answer), loaded.versions, loaded, answer)


@dataclass(frozen=True, slots=True)
class _Trial:
    recipe: Recipe
    root: Path
    online: bool
    ledger: Ledger
    remaining_s: Callable[[], float]

    @property
    def left_s(self) -> float:
        return max(_MIN_S, self.remaining_s())

    @property
    def _bin(self) -> Path:
        windows = self.root / "Scripts"
        return windows if windows.is_dir() else self.root / "bin"

    @property
    def python(self) -> Path:
        return self._bin / ("python.exe" if self._bin.name == "Scripts" else "python")

    async def make(self) -> Ran:
        if self.recipe.uv is None:
            return await self._run(self.recipe.python, "-I", "-m", "venv", str(self.root))
        wanted = ["--python", self.recipe.python] if self.recipe.python else []
        return await self._uv("venv", *wanted, "--no-python-downloads", str(self.root))

    async def install(self) -> Ran:
        pins = self.root.with_name("constraints.txt")
        pins.write_text("".join(f"{pin}\n" for pin in self.recipe.constraints), encoding="utf-8")
        what = ("--constraint", str(pins), *self.recipe.requirements)
        if self.recipe.uv is None:
            quiet = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-warn-script-location")
            apart = () if self.online else ("--no-index",)
            return await self._run(str(self.python), "-I", "-m", "pip", "install", *quiet, *apart, *what)
        ran = await self._uv("pip", "install", "--python", str(self.python), "--offline", *self.recipe.options, *what)
        if ran.worked or not self.online or not wants_network(ran.said):
            return ran
        return await self._uv("pip", "install", "--python", str(self.python), *self.recipe.options, *what)

    def command(self) -> Command:
        name = self.recipe.program
        candidates = [self._bin / f"{name}{ending}" for ending in (".exe", "")] if name else [self.python]
        program = next((path for path in candidates if path.exists()), candidates[-1])
        return Command(str(program), self.recipe.args, cwd=self.recipe.cwd)

    async def _uv(self, *words: str) -> Ran:
        return await self._run(str(self.recipe.uv), *words, "--no-progress", "--color", "never")

    async def _run(self, *argv: str) -> Ran:
        return await run_program(
            argv, environ=self.recipe.environ, cwd=str(self.root.parent), ledger=self.ledger, deadline_s=self.left_s
        )


def _reason(ran: Ran) -> tuple[str, ...]:
    if ran.exit_code is None:
        return (ran.how,)
    printed = ran.said or clean_lines(ran.stdout[-_REASON_BYTES:])  # Python's `venv` tells it on its output
    lines = [line for line in printed.splitlines() if line.strip()]
    return reason_in(ran.said) or tuple(lines[-4:]) or (ran.how,)


def _silence(answer: ServerAnswer) -> tuple[str, ...]:
    if answer.start_error:
        return (f"it could not be started: {answer.start_error_text or answer.start_error}",)
    lines = tuple(line for line in answer.stderr_tail.splitlines() if line.strip())[-4:]
    if answer.exit_code is not None:
        return lines or (f"it ended with code {answer.exit_code} and said nothing",)
    return (f"it did not answer within {answer.total_ms / 1000:.0f} s", *lines)
