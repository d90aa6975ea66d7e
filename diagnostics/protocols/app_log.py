# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what AI apps write about their MCP servers, in every shape that is known (field guide, AI apps 4.1 and 4.2).

Claude Desktop put a time, the level and the server before a line, in changing order, and nothing before what a server
itself prints; VS Code and its relatives write the time of the place where they are; Claude Code writes an object of
JSON a line; Zed and Codex write the level and the part of the app that speaks. What has no beginning of its own belongs
to what stands before it. Never raises for what comes.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

TEXT_LIMIT = 8192
"""Characters that are kept of one record; what a server's list of tools says beyond that tells nothing."""
_END = 300
"""Characters of the end that are kept of a line which is longer than that."""
LINE_LIMIT = 65536
"""Characters of a line of JSON that are read at all."""
SAME_START_S = 2.0
"""Claude Desktop announces one start of a server several times, within milliseconds."""

_TIME = r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?)(?P<zone>Z|[+-]\d\d:?\d\d)?"
_BEGIN = re.compile(rf"{_TIME} +(?:\[(?P<one>[^\]\r\n]{{1,100}})\] ?)?(?:\[(?P<two>[^\]\r\n]{{1,100}})\] ?)?")
_LEVELS = frozenset({"trace", "debug", "info", "notice", "warn", "warning", "error", "critical", "fatal", "verbose"})
_LOGGER = re.compile(r"- (?P<name>[\w.-]{1,60}) - (?P<level>[A-Z]{4,8}) - ")
_OF_SERVER = re.compile(r"(?:connection to server|MCP server) [\"'`]?(?P<name>[^\"'`:\s]{1,60})[\"'`]?:")
_OF_PART = re.compile(
    r"(?P<level>TRACE|DEBUG|INFO|WARN|ERROR) +(?:\[(?P<module>[^\]\r\n]{1,100})\] |(?P<target>\w+(?:::\w+)+): )"
)
"""Zed (zed-industries/zed#44786) and Codex (openai/codex#4590): the level, and which part of the app speaks."""
_OF_PARTS_SERVER = re.compile(
    r"(?P<zed>\S{1,60}) context server failed to start|MCP client for [`'\"]?(?P<codex>[^`'\"\s]{1,60})"
)
_STARTS = ("Initializing server", "Starting server ", "Starting connection ", "Connection state: Starting")
_STDERR = "server stderr"
_MESSAGES = ("message", "msg", "error", "debug", "info", "warn", "warning", "text")
"""Members of an object of JSON that hold what it says; the ones after the second are its level at once."""
_TIMES = ("timestamp", "time", "ts")


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a log with the lines that belong to it."""

    text: str
    time: str = ""
    """As it is written; of a line without a time, that of the record before it."""
    level: str = ""
    server: str = ""
    """The name of the server as the record gives it; empty where it gives none. In the log of a whole app, whose other
    lines are about other things, it is the part of the app that speaks where no server is named.
    """
    printed: bool = False
    """The server itself wrote this to its error output."""

    @property
    def when(self) -> datetime | None:
        """With a zone: a time without one is of the place where this machine stands. None where no time is known."""
        return _when(self.time)


def records(data: bytes, *, cut: bool = False) -> tuple[Record, ...]:
    """The records in a log, or in the end of one: `cut` says that its first line may have lost its beginning."""
    text = data.decode("utf-8", "replace")
    lines = text.split("\n")
    return tuple(_joined(lines[1:] if cut and len(lines) > 1 else lines))


@dataclass(slots=True)
class _Open:
    """A record that further lines may belong to."""

    parts: list[str]
    time: str = ""
    level: str = ""
    server: str = ""
    printed: bool = False
    size: int = 0
    nested: bool = False
    """It has begun a block of several lines, which ends with a bracket at the beginning of a line."""

    def takes(self, line: str) -> bool:
        """Whether a line without a beginning of its own belongs to this record."""
        if self.printed:
            return True
        if self.nested:
            self.nested = line[0] not in "}])"
            return True
        return line.lstrip().startswith("at ")  # a frame of JavaScript's stack

    def add(self, line: str) -> None:
        left = TEXT_LIMIT - self.size
        if left > 0:
            # The id of a message to a server stands at its end.
            self.parts.append(line if len(line) <= left else f"{line[:left]} … {line[-_END:]}")
            self.size += len(line) + 1

    def closed(self) -> Record:
        return Record("\n".join(self.parts).rstrip(), self.time, self.level, self.server, self.printed)


def _joined(lines: Sequence[str]) -> Iterator[Record]:
    now = _Open([])
    for raw in lines:
        line = raw.rstrip("\r")
        if not line:
            continue
        begun = _begun(line)
        if begun is not None and begun.printed and now.printed and _goes_on(begun, now):
            now.add(begun.parts[0])
        elif begun is not None:
            if now.parts:
                yield now.closed()
            now = begun
        elif now.parts and now.takes(line):
            if now.printed and now.size >= TEXT_LIMIT:  # why a server ended stands at the end of all that it printed
                yield now.closed()
                now = _Open([], now.time, now.level, now.server, printed=True)
            now.add(line)
        else:
            if now.parts:
                yield now.closed()
            now = _Open([], now.time, "", "", printed=True)
            now.add(line)
    if now.parts:
        yield now.closed()


def _goes_on(begun: _Open, now: _Open) -> bool:
    """Whether a line that a server printed belongs to the one before, such as those of a traceback."""
    return begun.level == now.level and not _LOGGER.search(begun.parts[0], 0, 200)


def _begun(line: str) -> _Open | None:
    """The record that a line begins, None for a line without a beginning of its own."""
    if line[0] == "{":
        return _of_json(line)
    match = _BEGIN.match(line)
    if match is None:
        return None
    one, two = match["one"] or "", match["two"] or ""
    rest = line[match.end() :]
    begun = _Open([], match["time"] + (match["zone"] or ""))
    if _STDERR in (one, two):
        begun.printed, two = True, ""
    if logger := _LOGGER.match(rest):
        begun.level, begun.printed = logger["level"].lower(), True
    elif one.lower() in _LEVELS:
        begun.level, begun.server = one.lower(), two
    elif two.lower() in _LEVELS:
        begun.level, begun.server = two.lower(), one
    else:
        rest = line[match.end("zone") if match["zone"] else match.end("time") :].strip()
        if part := _OF_PART.match(rest):
            begun.level, rest = part["level"].lower(), rest[part.end() :]
            named = _OF_PARTS_SERVER.match(rest)
            begun.server = (named["zed"] or named["codex"]) if named else part["module"] or part["target"]
    if not begun.server and not begun.printed and "server" in rest and (named := _OF_SERVER.search(rest, 0, 300)):
        begun.server = named["name"]
    begun.add(rest)
    begun.nested = rest.endswith(("{", "[", "("))
    return begun


def _of_json(line: str) -> _Open | None:
    """A line of Claude Code's log: {"debug" | "error": text, "timestamp": …, "sessionId": …, "cwd": …}."""
    try:
        row = json.loads(line[:LINE_LIMIT])
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict):
        return None
    key = next((key for key in _MESSAGES if isinstance(row.get(key), str)), None)
    if key is None:
        return None
    stamp = next((row[name] for name in _TIMES if isinstance(row.get(name), str)), "")
    time = re.match(_TIME, stamp)
    level = row.get("level") if isinstance(row.get("level"), str) else ("" if key in _MESSAGES[:2] else key)
    text = str(row[key])
    said = re.match(r"Server stderr: ", text)
    begun = _Open([], time[0] if time else "", str(level).lower())
    begun.printed = said is not None
    begun.add(text[said.end() :] if said else text)
    return begun


@functools.lru_cache(maxsize=64)
def _when(time: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(time.replace(",", "."))
        return read if read.tzinfo else read.astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def announces_start(record: Record) -> bool:
    """Whether the app says that it is about to start a server."""
    return not record.printed and record.text.startswith(_STARTS)


def since_last_start(data: bytes, server: str = "") -> bytes | None:
    """The part of a log that begins with the last start that it tells of, None where it tells of none.

    `server` is given for a log about many servers: its start is meant.
    """
    first: int | None = None
    moment: datetime | None = None
    for begin, record in _starts_from_the_end(data):
        if server and record.server != server and server not in record.text:
            continue
        if first is not None and not _same_moment(record.when, moment):
            break
        first, moment = begin, record.when
    return None if first is None else data[first:]


def _starts_from_the_end(data: bytes) -> Iterator[tuple[int, Record]]:
    """Where a line announces a start, and the line, the last one first."""
    end = len(data)
    while (at := max(data.rfind(mark.encode(), 0, end) for mark in _STARTS)) >= 0:
        end = data.rfind(b"\n", 0, at) + 1
        line = data[end : data.find(b"\n", at) if b"\n" in data[at : at + 4000] else at + 4000]
        begun = _begun(line.decode("utf-8", "replace"))
        record = begun.closed() if begun is not None else None
        if record is not None and announces_start(record):
            yield end, record


def _same_moment(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and abs((other - one).total_seconds()) <= SAME_START_S
