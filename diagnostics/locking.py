# SPDX-License-Identifier: GPL-3.0-or-later
"""`lock write` and `lock verify`: a working chain is recorded, and another run compared with it."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import diagnose, exit_code, new_event_loop
from .atomic_write import atomic_write
from .knowledge import apps, catalogue, table
from .ledger import Ledger
from .lock import LockError, differences, parse, recorded, render, requirements_beside, spoken_day, unknown, unlearnt
from .model import Event, Lock, Machine, Report, Snapshot, Target, Verdict, WorkingSet
from .probes.files import State, read_file
from .probes.resolver import Resolved, with_hashes
from .probes.search_path import find_program
from .redaction import Redactor
from .text import one_line

REQUIREMENTS_MARK = "# Made by mcp-diagnostics lock write"
"""How a file of requirements begins that may be written over."""
NOT_ALL = 3


class NotOursError(ValueError):
    """A file that is in the way. The message names it and says why it is left as it is."""


@dataclass(frozen=True, slots=True)
class Said:
    """What came of it: lines for people, and the exit status."""

    lines: tuple[str, ...]
    status: int


def write(
    target: Target, file: Path, snapshot: Snapshot | None, on_event: Callable[[Event], None] | None = None
) -> Said:
    """Diagnoses the chain and, when it works, records it in `file` and its packages beside it.

    Raises NotOursError before anything is done when one of the two files is somebody else's, and OSError when one
    cannot be written.
    """
    machine = Machine.current()
    known, requirements = _known_lock(file), requirements_beside(file)
    _look_at_requirements(requirements)
    asking = dataclasses.replace(target, lock=None, locked=False, ask_versions=True)
    report = diagnose(asking, snapshot, on_event=on_event)
    if report.verdict not in {Verdict.PASS, Verdict.WARN}:
        return _nothing_written(report)
    lock = Lock(file, dt.datetime.now().astimezone().date().isoformat(), report.working)
    if known is not None and known.working == lock.working:
        lock = known
    else:
        atomic_write(file, render(lock))
    lines = [_fill("as_it_was" if lock is known else "written", lock=str(file))]
    if missing := unknown(lock.working):
        lines.append(_fill("not_learnt", fields=", ".join(missing)))
    if missing and report.consents:
        lines.append(_fill("launch"))
    resolved = _resolved(lock.working, machine)
    if not resolved.text:
        why = Redactor(machine).text(resolved.problem)
        lines.append(_fill("no_requirements", why=why))
        if requirements.is_file():
            lines.append(_fill("requirements_left", requirements=str(requirements)))
        return Said(tuple(lines), NOT_ALL)
    atomic_write(requirements, _requirements(lock, resolved))
    told = {"requirements": str(requirements), "count": str(resolved.count), "resolver": resolved.resolver}
    return Said((*lines, _fill("written_requirements", **told)), 0)


def verify(report: Report, lock: Lock) -> Said:
    """What a run, in which `lock` was the target's, comes to: 0 the same, 1 otherwise, 3 not all could be compared."""
    other, missing = differences(lock.working, report.working), unlearnt(lock.working, report.working)
    named = {"lock": str(lock.file), "day": spoken_day(lock.day, report.started[:10])}
    lines = []
    if other:
        lines += [_fill("differs", **named), *(f"  - {one}" for one in other)]
    if missing:
        lines.append(_fill("not_compared", fields=", ".join(missing)))
    if not other and not missing:
        lines.append(_fill("same", fields=", ".join(recorded(lock.working)), **named))
    if report.verdict is Verdict.FAIL:
        lines.append(report.headline)
    return Said(tuple(lines), 1 if other else NOT_ALL if missing else 0)


def _fill(words: str, **evidence: str) -> str:
    return catalogue.fill(table("words")["lock"][words], evidence)


def _nothing_written(report: Report) -> Said:
    failed = report.verdict is Verdict.FAIL
    lines = [_fill("nothing_written" if failed else "nothing_tested", headline=report.headline)]
    return Said((*lines, *([_fill("launch")] if report.consents else [])), exit_code(report))


def _known_lock(file: Path) -> Lock | None:
    """The lock that is to be written anew, None where there is no file yet."""
    read = read_file(file, Ledger())
    if read.state is State.MISSING:
        return None
    try:
        if read.state is not State.READ:
            raise LockError(read.reason)
        return parse(read.data, file)
    except LockError as error:
        raise NotOursError(f"“{one_line(str(file), 200)}” is left as it is: {error}") from None


def _look_at_requirements(file: Path) -> None:
    read = read_file(file, Ledger())
    if read.state is not State.MISSING and not read.data.startswith(REQUIREMENTS_MARK.encode()):
        why = read.reason or "it is not made by “lock write”; move it, or name another lock file"
        raise NotOursError(f"“{one_line(str(file), 200)}” is left as it is: {why}")


def _resolved(working: WorkingSet, machine: Machine) -> Resolved:
    """The packages of the server's environment with their hashes; of one that was not read, what is known of it."""
    pins = [f"{name}=={version}" for name, version in sorted(working.packages.items())]
    known = ((working.server_package, working.server_version), (working.sdk_package, working.sdk_version))
    pins = pins or [f"{name}=={version}" for name, version in known if name and version]
    if not pins:
        return Resolved(problem=_fill("no_packages"))
    folders: tuple[str | Path, ...] = (*machine.folders(machine.environ.get("PATH", "")), *apps.places(machine))
    names = ("python3", "python") if machine.platform != "win32" else ("python", "py")
    pythons = (find_program(name, folders, machine).path for name in names)
    question = with_hashes(
        pins,
        whole=bool(working.packages),
        python_version=working.python_version,
        uv=find_program("uv", folders, machine).path,
        python=next((path for path in pythons if path), None),
        environ=machine.environ,
        ledger=Ledger(),
    )
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(question)


def _requirements(lock: Lock, resolved: Resolved) -> bytes:
    working, name = lock.working, requirements_beside(lock.file).name
    place = f"Python {working.python_version or 'of any version'}, {working.platform or Machine.current().platform}"
    source = "as they are installed" if working.packages else "resolved, because what is installed was not known"
    head = f"{REQUIREMENTS_MARK}, beside {lock.file.name}: {source} ({place}).\n"
    return f"{head}# uv pip sync --require-hashes {name}\n{resolved.text}".encode()
