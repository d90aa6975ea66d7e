# SPDX-License-Identifier: GPL-3.0-or-later
"""What an app's log tells of one start of a server: how far it came, and which requests were left without an answer.

The app writes each message as JSON, or as `method="initialize" id=0`, or as `id=3 result(1 blocks)` (field guide, AI
apps 4.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .app_log import TEXT_LIMIT, Record, announces_start

_CANCELS = "notifications/cancelled"
"""The message by which an app takes a request back."""
CUT_OFF = re.compile(r"Request timed out|timed out after|timeout", re.IGNORECASE)

_MESSAGE = re.compile(r"Message from (?P<from>client|server): |\[(?P<sender>editor|server) -> \w+\] ")
_METHOD = re.compile(r"[\"']?method[\"']?\s*[:=]\s*[\"'](?P<method>[\w/]{1,60})[\"']")
_ID = re.compile(r"(?<![\w\"'])[\"']?id[\"']?\s*[:=]\s*[\"']?(?P<id>[\w-]{1,60})")
_CANCELLED = re.compile(r"[\"']?requestId[\"']?\s*[:=]\s*[\"']?(?P<id>[\w-]{1,60})")
_SPAWNED = re.compile(r"Server started and connected successfully|Connection state: Running|Successfully connected")
_ANSWERED = re.compile(r"Successfully connected|Connection established|Discovered \d+ tools")
_JSON = json.JSONDecoder()
_PATHS = re.compile(r"\bpaths: \[(?P<list>[^\]]{0,4000})")
_TIMED_OUT = re.compile(
    r"timed out after (?P<ms>\d{3,7}) ?ms|timed out after (?P<s>\d{1,4}) ?s"
    r"|Connection timeout triggered after (?P<by>\d{3,7}) ?ms"
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the app sent, and what became of it."""

    method: str
    sent: Record
    answered: Record | None = None
    cancelled: Record | None = None

    @property
    def waited_s(self) -> float | None:
        """Seconds until it was cut off; None where it was not, or no time is known."""
        if self.cancelled is None or self.cancelled.when is None or self.sent.when is None:
            return None
        return (self.cancelled.when - self.sent.when).total_seconds()


@dataclass(frozen=True, slots=True)
class Session:
    """One start of a server, as a log tells of it."""

    begun: datetime | None = None
    spawned: Record | None = None
    """What shows that the app found and started the program. It says nothing about its health."""
    answered: Record | None = None
    """What shows that the server answered `initialize`."""
    initialize: Request | None = None
    cut_off: Record | None = None
    """What shows that the app gave up waiting for the server to start."""
    limit_s: float | None = None
    """After how many seconds it did."""
    requests: tuple[Request, ...] = ()
    paths: tuple[str, ...] = ()
    """The folders in which the app looks for programs, where it tells them."""

    def of_method(self, method: str) -> tuple[Request, ...]:
        """The requests of this method."""
        return tuple(request for request in self.requests if request.method == method)


@dataclass(slots=True)
class _Reading:
    requests: dict[str, Request] = field(default_factory=dict)
    done: list[Request] = field(default_factory=list)
    announced: bool = False
    """The start is among the records. Without it, what timed out may be anything."""
    spawned: Record | None = None
    answered: Record | None = None
    cut_off: Record | None = None
    limit_s: float | None = None
    paths: tuple[str, ...] = ()

    def read(self, record: Record) -> None:
        if record.printed:
            return
        if message := _MESSAGE.match(record.text):
            said = _message(record.text[message.end() :])
            ours = (message["from"] or message["sender"]) != "server"
            (self._asked if ours else self._told)(record, said)
            return
        self.announced = self.announced or announces_start(record)
        if self.spawned is None and _SPAWNED.search(record.text, 0, 400):
            self.spawned = record
        if _ANSWERED.search(record.text, 0, 400):
            self._has_answered(record)
        if self.announced and self.answered is None and (limit := _TIMED_OUT.search(record.text, 0, 2000)):
            self.cut_off = self.cut_off or record
            self.limit_s = self.limit_s or (float(limit["s"]) if limit["s"] else int(limit["ms"] or limit["by"]) / 1000)
        if not self.paths and (listed := _PATHS.search(record.text)):
            self.paths = tuple(re.findall(r"'([^'\n]{1,400})'", listed["list"]))

    def _has_answered(self, record: Record) -> None:
        self.answered, self.cut_off, self.limit_s = record, None, None

    def _asked(self, record: Record, said: _Message) -> None:
        if said.method == _CANCELS:
            self._cancelled(record, said.cancels)
        elif said.method and said.id:
            before = self.requests.pop(said.id, None)
            self.done += [before] if before else []
            self.requests[said.id] = Request(said.method, record)

    def _cancelled(self, record: Record, number: str) -> None:
        request = self.requests.get(number)
        if request is None or request.answered is not None or not CUT_OFF.search(record.text):
            return
        request = self.requests[number] = Request(request.method, request.sent, None, record)
        if request.method == "initialize" and self.answered is None:
            self.cut_off, self.limit_s = record, request.waited_s

    def _told(self, record: Record, said: _Message) -> None:
        self.spawned = self.spawned or record
        if said.method:
            return
        request = self.requests.get(said.id)
        if request is None:
            if said.id:
                self._has_answered(record)  # its request stands before what was kept of the log
        elif request.cancelled is None:
            self.requests[said.id] = Request(request.method, request.sent, record)
            if request.method == "initialize":
                self._has_answered(record)


@dataclass(frozen=True, slots=True)
class _Message:
    """What identifies a message; texts are empty where it does not say."""

    method: str = ""
    id: str = ""
    cancels: str = ""


def _message(text: str) -> _Message:
    """Reads a message, whole JSON or not: of a long one the middle is missing, and newer apps write a summary."""
    try:
        whole, _end = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        whole = None
    if isinstance(whole, dict):
        params = whole.get("params")
        cancels = params.get("requestId") if isinstance(params, dict) else None
        return _Message(_word(whole.get("method")), _word(whole.get("id")), _word(cancels))
    method = _METHOD.search(text, 0, 200)
    ids = list(_ID.finditer(text[:100] if method is None else text[-300:]))
    number = (ids[0] if method is None else ids[-1]) if ids else None
    cancels = _CANCELLED.search(text)
    return _Message(
        method["method"] if method else "", number["id"] if number else "", cancels["id"] if cancels else ""
    )


def _word(value: object) -> str:
    """A method or an id as text; whatever else stands there is none."""
    return str(value)[:60] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def is_message(record: Record) -> bool:
    """Whether the record is a message between the app and the server, and so what the two said to each other."""
    return not record.printed and _MESSAGE.match(record.text) is not None


_SERVER_SAYS = (b"Message from server: ", b"[server -> ")
# A message within a message, as Claude Code writes them, has backslashes before its quotes.
_ID_IN_LOG = re.compile(rb"id\\?[\"']?\s*[:=]\s*\\?[\"']?([\w-]{1,60})")
_CANCELLED_IN_LOG = re.compile(rb"requestId\\?[\"']?\s*[:=]\s*\\?[\"']?([\w-]{1,60})")


def about_cancelled(log: bytes) -> bytes:
    """Of a log, the records about the requests that were taken back, and the first in which the server says something.

    Reading these alone tells as much of such requests as reading all, in a fraction of the time.
    """
    cancels, at = [], -1
    while (at := log.find(_CANCELS.encode(), at + 1)) >= 0:
        cancels.append(_record_at(log, at))
    ids = {found[1] for begin, end in cancels for found in _CANCELLED_IN_LOG.finditer(log, begin, end)}
    if not ids:
        return b""
    kept = {*cancels, *(_record_at(log, found.start()) for found in _ID_IN_LOG.finditer(log) if found[1] in ids)}
    kept |= {_record_at(log, at) for at in map(log.find, _SERVER_SAYS) if at >= 0}
    return b"".join(log[begin:end] for begin, end in sorted(kept))


def _record_at(log: bytes, at: int) -> tuple[int, int]:
    """Where the line begins that holds this place, and where what belongs to the line ends."""
    begin, end = log.rfind(b"\n", 0, at) + 1, log.find(b"\n", at) + 1
    while 0 < end < min(len(log), begin + TEXT_LIMIT) and log[end : end + 1] not in _BEGINNINGS:
        end = log.find(b"\n", end) + 1
    return begin, end or len(log)


_BEGINNINGS = frozenset((b"{", *(b"%d" % digit for digit in range(10))))
"""What a line of a record of its own begins with: a time, or an object of JSON."""


def read_session(records: Sequence[Record]) -> Session:
    """What the records of one start of one server tell."""
    reading = _Reading()
    for record in records:
        reading.read(record)
    requests: Mapping[str, Request] = reading.requests
    every = (*reading.done, *requests.values())
    return Session(
        begun=next(filter(None, (record.when for record in records)), None),
        spawned=reading.spawned,
        answered=reading.answered,
        initialize=next((request for request in reversed(every) if request.method == "initialize"), None),
        cut_off=reading.cut_off,
        limit_s=reading.limit_s,
        requests=every,
        paths=reading.paths,
    )
