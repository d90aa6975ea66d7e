# SPDX-License-Identifier: GPL-3.0-or-later
"""What the AI apps have logged about their last start of each Blender server, for the checks that compare it.

Only what was written after the configuration was last changed counts: an older log tells of another command.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from ..check import Context, Outcome
from ..knowledge import table
from ..knowledge.apps import App, log_patterns
from ..knowledge.catalogue import fill
from ..knowledge.log_signatures import Signature, possible, server_of
from ..model import EvidenceValue, Finding, Verdict
from ..probes.app_log import LogRead, find_logs, read_log
from ..probes.background import in_thread
from ..probes.files import modified_s
from ..probes.search_path import installed_s
from ..protocols.app_log import Record, records, since_last_start
from ..protocols.logged_session import Session, about_cancelled, is_message, read_session
from ..redaction import hide
from ..text import clean, one_line
from .entries import Entry
from .last_words import cause_in

_SHOWN = 300
"""Characters of a line that are shown."""
_LAST = 2
"""Records in which the last words of what was started are looked for."""
_HEAD = 16384
"""Bytes from a start on in which a server that is well has answered."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that a signature matches."""

    cause: str
    record: Record
    at: int
    """Where in the record's text."""
    signature: Signature | None = None
    """None where what Python said about the SDK tells the cause."""
    facts: Mapping[str, EvidenceValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogSeen:
    """What the log of an app tells about its last start of an entry's server, with the configuration as it is now."""

    entry: Entry
    file: Path
    session: Session
    hits: tuple[Hit, ...] = ()
    last_words: Record | None = None
    """What was printed last in a start that did not come to an answer."""

    @property
    def starts(self) -> bool:
        """The app found the program and started it. Whether the server is well is another question."""
        return self.session.spawned is not None and not self.not_found

    @property
    def not_found(self) -> Hit | None:
        """The app did not find the program of this entry."""
        return next((hit for hit in self.hits if hit.cause == "launcher.not-found"), None)


def seen_for(entry: Entry, context: Context) -> LogSeen | None:
    """What was logged about this entry, None where nothing that counts was."""
    return next((seen for seen in context.all_observed(LogSeen) if seen.entry is entry), None)


def shown(record: Record, at: int, file: Path, context: Context) -> dict[str, EvidenceValue]:
    """The line of a record, and when and where it was written. Secrets are hidden before anything is cut."""
    begin = record.text.rfind("\n", 0, at) + 1
    line = record.text[begin:].partition("\n")[0]
    if at - begin > _SHOWN // 2:
        line = record.text[at:].partition("\n")[0]
    return {
        "log_line": one_line(hide(line, context.secrets), _SHOWN),
        "logged_at": record.when.astimezone().strftime("%Y-%m-%d %H:%M:%S") if record.when else "at an unknown time",
        "log_file": clean(str(file), 300),
    }


def quoting(found: Finding, record: Record, at: int, seen: LogSeen, context: Context) -> Finding:
    """The finding with the line of the log as evidence, and a paragraph that quotes it."""
    evidence = shown(record, at, seen.file, context)
    told = fill(str(table("log_signatures")["words"]["told"]), evidence | {"app": seen.entry.app.name})
    return dataclasses.replace(found, detail=f"{found.detail}\n\n{told}", evidence={**found.evidence, **evidence})


def was_missing(seen: LogSeen | None, program: Path) -> bool:
    """Whether the app did not find a program by its name although it was there by then."""
    hit = seen.not_found if seen is not None else None
    if seen is None or hit is None or hit.record.when is None or re.search(r"[\\/]", seen.entry.command.program):
        return False
    # A program that was installed, or moved here, after that may be found now.
    since = installed_s(program)
    return since is not None and since < hit.record.when.timestamp()


async def log(context: Context) -> Outcome:
    """Reads the end of the apps' logs about their Blender servers."""
    entries = context.all_observed(Entry)
    if not entries or context.target.app_config is not None:  # of a file that was given, no app is known to read it
        return Outcome(Verdict.SKIPPED)
    return await in_thread(lambda: _read_logs(entries, context))


def _read_logs(entries: tuple[Entry, ...], context: Context) -> Outcome:
    reads = _Reads(context)
    seen, notes = [], []
    for entry in entries:
        for file in _logs_about(entry, entries, reads):
            read = reads.read(file)
            if read.reason:
                notes.append(f"{file}: {read.reason}")
            elif (one := _look(entry, read)) is not None:
                seen.append(one)
                break
            elif read.data:
                notes.append(f"{file}: nothing about “{entry.name}” since {entry.file} was changed")
    return Outcome(Verdict.PASS if seen else Verdict.SKIPPED, observations=tuple(seen), transcript=tuple(notes))


class _Reads:
    """The logs that were found and read in this run, each once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._found: dict[str, tuple[tuple[Path, str | None], ...]] = {}
        self._read: dict[Path, LogRead] = {}

    def of_app(self, app: App) -> tuple[tuple[Path, str | None], ...]:
        """The app's logs, the newest of each pattern first, with the name of the server that each is about."""
        if app.id not in self._found:
            patterns = log_patterns(app, self._context.machine)
            found = (file for pattern in patterns for file in find_logs(pattern, self._context.ledger))
            self._found[app.id] = tuple((file, server_of(file.as_posix())) for file in found)
        return self._found[app.id]

    def read(self, file: Path) -> LogRead:
        if file not in self._read:
            self._read[file] = read_log(file, self._context.ledger)
        return self._read[file]


def _logs_about(entry: Entry, entries: Iterable[Entry], reads: _Reads) -> Iterator[Path]:
    """The newest log about the entry's server alone, then the newest about many."""
    found = reads.of_app(entry.app)
    others = {_plain(other.name) for other in entries if other is not entry}

    def is_own(server: str) -> bool:
        # The log of an extension has the name that the extension shows, which its folder has not.
        extension = entry.file.name == "manifest.json" and "blender" in server.lower()
        return _plain(server) == _plain(entry.name) or (extension and _plain(server) not in others)

    own = (file for file, server in found if server is not None and is_own(server) and _is_of_project(file, entry))
    yield from itertools.islice(own, 1)
    yield from [file for file, server in found if server is None][:1]


def _is_of_project(file: Path, entry: Entry) -> bool:
    """Claude Code has a folder of logs for each project, called like its path with all else than letters replaced."""
    if not entry.scope or not file.parent.name.startswith("mcp-logs-"):
        return True
    return file.parent.parent.name == re.sub(r"[^A-Za-z0-9]", "-", entry.scope)


def _plain(name: str) -> str:
    return re.sub(r"\W", "-", name).lower()


def _look(entry: Entry, read: LogRead) -> LogSeen | None:
    about_many = server_of(read.path.as_posix()) is None
    started = since_last_start(read.data, entry.name if about_many else "")
    part = read.data if started is None else started
    # A log that is so long since the start that it is not in what was read is one of a server that runs.
    lost = started is None and read.cut

    def told(text: bytes, *, cut: bool = lost) -> tuple[Record, ...]:
        every = records(text, cut=cut)
        return tuple(record for record in every if _is_about(record, entry)) if about_many else every

    end = part.find(b"\n", _HEAD)
    own = told(part if end < 0 else part[:end])
    session = read_session(own)
    if end >= 0:
        # Whether something went wrong after a server had started well, which is what most logs are full of.
        if not (lost or session.answered) or possible(part[end:], over=True):
            own = told(part)
            session = read_session(own)
        elif cancelled := about_cancelled(part[end:]):
            own = told(part) if possible(part[:end], over=True) else (*own, *told(cancelled, cut=False))
            session = read_session(own)
    changed = modified_s(entry.file)
    if session.begun is None or changed is None or session.begun.timestamp() <= changed:
        return None
    over = lost or session.answered is not None
    printed = [] if over else [record for record in own if record.printed][-_LAST:]
    last = dataclasses.replace(printed[-1], text="\n".join(record.text for record in printed)) if printed else None
    return LogSeen(entry, read.path, session, tuple(_hits(entry, own, part, over=over)), last)


def _is_about(record: Record, entry: Entry) -> bool:
    """Whether a record of a log about many servers is about this one. What servers print there is nobody's."""
    return record.server == entry.name or (
        not record.server and not record.printed and (entry.name in record.text or not is_message(record))
    )


def _hits(entry: Entry, told: tuple[Record, ...], part: bytes, *, over: bool) -> Iterator[Hit]:
    """What signatures find; `over` says that the server started, so that whatever kept it from that is over."""
    candidates = possible(part, over=over)
    broken = not over and b"Error" in part
    if not candidates and not broken:
        return
    for record in told:
        if is_message(record) or not record.time:
            continue  # what the user and the server said to each other is no fault, whatever words it has
        if broken and record.printed and (dying := _last_words(record, entry)) is not None:
            yield dying
        elif (matched := _matched(record, candidates, entry)) is not None:
            yield matched


def _last_words(record: Record, entry: Entry) -> Hit | None:
    """What Python said about the SDK or the server's own modules, and in which line."""
    if "Error" not in record.text or cause_in(record.text, entry) is None:
        return None
    at = 0
    for line in record.text.splitlines(keepends=True):
        if "Error" in line and (found := cause_in(line, entry)) is not None:
            return Hit(found.cause, record, at, facts=found.evidence)
        at += len(line)
    return None


def _matched(record: Record, candidates: tuple[Signature, ...], entry: Entry) -> Hit | None:
    for row in candidates:
        if (row.by == "server") != record.printed:
            continue
        found = row.facts(record.text)
        if found is None or (row.cause == "launcher.not-found" and not _is_program(found[1], entry)):
            continue
        return Hit(row.cause, record, found[0], row, facts=found[1])
    return None


def _is_program(facts: Mapping[str, EvidenceValue], entry: Entry) -> bool:
    """Whether the program that was not found is this entry's: another one's is another story."""
    names = (str(facts.get("program", "")), entry.command.program)
    missing, program = (PureWindowsPath(name).name for name in names)
    return missing.lower().removesuffix(".exe") == program.lower().removesuffix(".exe")
