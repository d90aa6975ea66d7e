# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends one process that is in the way: the one that was found and shown, and no other.

Never ended: a Blender, this very program and those that have started it, what runs as another user or with other
rights, what lies in the system's own folders or belongs to one of its services, and what cannot be told.
"""

from __future__ import annotations

import datetime as dt
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from ..knowledge import table
from ..knowledge.catalogue import fill
from ..model import EvidenceValue, Machine, Remedy
from ..probes.process_identity import Identity, identify, marked
from ..redaction import Redactor, secret_words
from .change import Change, ChangeError

PATIENCE_S = 3.0
"""How long a process may take to end after it was asked, or forced, to."""
_SAME_S = 0.02
"""Two looks at one process may differ by this much: its time of creation is kept in hundredths of a second."""
_POLL_S = 0.02
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


class StillRunsError(ChangeError):
    """The process was asked to end and did not. `forced` ends it by force, which is a question of its own."""

    def __init__(self, text: str, forced: EndProcess) -> None:
        super().__init__(text)
        self.forced = forced


@dataclass(frozen=True, slots=True)
class EndProcess:
    """The end of one process. Made by `plan_end`."""

    process: Identity
    preview: str
    forced: bool = False
    """Without asking it first."""

    @property
    def title(self) -> str:
        """What is ended."""
        return _words("forced_title" if self.forced else "title", _facts(self.process))

    def carry_out(self) -> str:
        """End it, and wait up to `PATIENCE_S` seconds until it is gone. Blocks.

        Raises ChangeError when it is not the same process any more or the system refuses, `StillRunsError` when it does
        not end.
        """
        facts = _facts(self.process)
        _identified(self.process.pid, self.process.created_s)
        try:
            running = psutil.Process(self.process.pid)
            running.kill() if self.forced else running.terminate()
        except psutil.NoSuchProcess:
            return _words("done", facts)
        except (psutil.Error, OSError) as error:
            raise ChangeError(_refused("denied", facts | {"reason": str(error)})) from error
        if _is_gone(running):
            return _words("done", facts)
        if self.forced:
            raise ChangeError(_refused("survived", facts))
        text = _refused("still", facts | {"waited_s": round(PATIENCE_S)})
        raise StillRunsError(text, _change(self.process, forced=True))


def plan_end(remedy: Remedy) -> Change:
    """The end of the process that the remedy names.

    Raises ChangeError when it has ended meanwhile, when its id belongs to another one by now, and for every process
    that is never ended.
    """
    try:
        pid, created_s = marked(remedy.exact)
    except ValueError:
        raise ChangeError(_refused("unclear", {})) from None
    return _change(_identified(pid, created_s), forced=False)


def _identified(pid: int, created_s: float) -> Identity:
    """The process, when it is the one that is meant and may be ended. Raises ChangeError otherwise."""
    found = identify(pid) if pid > 0 else None
    if found is None:
        raise ChangeError(_refused("gone", {"pid": pid}))
    if abs(found.created_s - created_s) > _SAME_S and found.created_s:
        raise ChangeError(_refused("another", {"pid": pid}))
    if reason := _why_not(found):
        raise ChangeError(_refused(reason, _facts(found)))
    return found


def _why_not(process: Identity) -> str:
    """Which rule protects the process; "" where none does."""
    if process.is_blender:
        return "blender"
    if process.is_related:
        return "related"
    if process.program and not process.is_own:
        return "foreign"
    # Without its file a process of another name could still be a Blender.
    if not process.path or not process.program:
        return "hidden"
    return "system" if _is_of_the_system(process) else ""


def _is_of_the_system(process: Identity) -> bool:
    path = process.path.replace("\\", "/")
    folders = tuple(table("programs")["system_folders"])
    if process.pid == 1 or process.service:
        return True
    return path.startswith(folders) or path.lower().startswith(
        tuple(folder.lower() for folder in folders if ":" in folder)
    )


def _change(process: Identity, *, forced: bool) -> EndProcess:
    call = "forced_call" if forced else "windows_call" if sys.platform == "win32" else "call"
    facts = _facts(process) | {
        "call": _words(call, _facts(process)),
        "path": _masked((process.path,)),
        "command": _masked(process.arguments) or str(table("ending")["words"]["unknown"]),
        "since": _since(process.created_s),
        "parent": process.parent or str(table("ending")["words"]["nobody"]),
    }
    return EndProcess(process, _words("preview", facts), forced=forced)


def _masked(arguments: tuple[str, ...]) -> str:
    shown = Redactor(Machine.current(), secret_words(arguments)).all(arguments)
    return subprocess.list2cmdline(shown) if os.name == "nt" else shlex.join(shown).replace("'‹masked›'", "‹masked›")


def _since(created_s: float) -> str:
    words, elapsed_s = table("ending")["age"], max(0.0, time.time() - created_s)
    age = str(words["seconds"])
    for unit_s, name in ((_MINUTE_S, "minutes"), (_HOUR_S, "hours"), (_DAY_S, "days")):
        if elapsed_s >= 2 * unit_s:
            age = fill(words[name], {"count": int(elapsed_s // unit_s)})
    at = dt.datetime.fromtimestamp(created_s).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return fill(words["since"], {"time": at, "age": age})


def _is_gone(process: psutil.Process) -> bool:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        try:
            if not process.is_running() or process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(_POLL_S)
    return False


def _facts(process: Identity) -> dict[str, EvidenceValue]:
    unknown = str(table("ending")["words"]["unknown"])
    return {"pid": process.pid, "program": process.program or unknown, "user": process.user or unknown}


def _words(name: str, facts: Mapping[str, EvidenceValue]) -> str:
    return fill(str(table("ending")["words"][name]), facts)


def _refused(name: str, facts: Mapping[str, EvidenceValue]) -> str:
    return fill(str(table("ending")["refused"][name]), facts)
