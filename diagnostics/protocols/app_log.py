# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what AI apps write about their MCP servers, in every shape that is known (field guide, AI apps 4.1 and 4.2).

Claude Desktop put a time, the level and the server before a line, in changing order, and nothing before what a server
itself prints; VS Code and its relatives write the time of the place where they are; Claude Code writes an object of
JSON a line. What has no beginning of its own belongs to what stands before it. Never raises for what comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

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
_START = re.compile(
    rb"Initializing server|Starting server [^\r\n]{1,200}|Starting connection (?:with timeout|attempt)"
    rb"|Connection state: Starting"
)
_STDERR = "server stderr"
_MESSAGES = ("message", "msg", "error", "debug", "info", "warn", "warning", "text")
"""Members of an object of JSON that hold what it says; the ones after the second are its level at once."""
_TIMES = ("timestamp", "time", "ts")


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a log with the lines that belong to it."""

    text: str
    when: datetime | None = None
    """With a zone; of a line without a time, when the record before it was written. None where no time is known."""
    level: str = ""
    server: str = ""
    """The name of the server as the record gives it; empty where it gives none."""
    printed: bool = False
    """The server itself wrote this to its error output."""


def records(data: bytes, *, cut: bool = False) -> tuple[Record, ...]:
    """The records in a log, or in the end of one: `cut` says that its first line may have lost its beginning."""
    text = data.decode("utf-8", "replace")
    lines = text.split("\n")
    return tuple(_joined(lines[1:] if cut and len(lines) > 1 else lines))


@dataclass(slots=True)
class _Open:
    """A record that further lines may belong to."""

    parts: list[str]
    when: datetime | None = None
    level: str = ""
    server: str = ""
    printed: bool = False
    size: int = 0

    def add(self, line: str) -> None:
        left = TEXT_LIMIT - self.size
        if left > 0:
            # The id of a message to a server stands at its end.
            self.parts.append(line if len(line) <= left else f"{line[:left]} … {line[-_END:]}")
            self.size += len(line) + 1

    def closed(self) -> Record:
        return Record("\n".join(self.parts).rstrip(), self.when, self.level, self.server, self.printed)


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
        elif now.parts and (now.printed or line[0] in " \t}])"):
            now.add(line)
        else:
            if now.parts:
                yield now.closed()
            now = _Open([], now.when, "", "", printed=True)
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
    begun = _Open([], _when(match["time"], match["zone"] or ""))
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
    if not begun.server and not begun.printed and (named := _OF_SERVER.search(rest, 0, 300)):
        begun.server = named["name"]
    begun.add(rest)
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
    begun = _Open([], _when(time["time"], time["zone"] or "") if time else None, str(level).lower())
    begun.printed = said is not None
    begun.add(text[said.end() :] if said else text)
    return begun


def _when(time: str, zone: str) -> datetime | None:
    """The moment; a time without a zone is one of the place where this machine stands."""
    try:
        read = datetime.fromisoformat(time.replace(",", "."))
        if zone == "Z":
            return read.replace(tzinfo=UTC)
        return datetime.fromisoformat(read.isoformat() + zone) if zone else read.astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def since_last_start(data: bytes, server: str = "") -> bytes:
    """The part of a log that begins with the last start that it tells of; all of it where it tells of none.

    `server` is given for a log about many servers: its start is meant.
    """
    starts = []
    for match in _START.finditer(data):
        begin = data.rfind(b"\n", 0, match.start()) + 1
        line = data[begin : begin + 400].partition(b"\n")[0]
        if not server or server.encode("utf-8", "replace") in line:
            starts.append(begin)
    if not starts:
        return data
    first = starts[-1]
    for earlier in reversed(starts[:-1]):
        if not _same_moment(_time_at(data, earlier), _time_at(data, first)):
            break
        first = earlier
    return data[first:]


def _time_at(data: bytes, begin: int) -> datetime | None:
    begun = _begun(data[begin : begin + 2000].partition(b"\n")[0].decode("utf-8", "replace") or " ")
    return begun.when if begun else None


def _same_moment(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and abs((other - one).total_seconds()) <= SAME_START_S
