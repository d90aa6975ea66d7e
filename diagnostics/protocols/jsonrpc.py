# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON-RPC 2.0 as MCP speaks it over stdio: one message a line, UTF-8, nothing else on the stream.

Sans-IO: `LineReader` is fed bytes and yields messages; it never raises for what comes. Source: the MCP specification,
base protocol and transports, revisions 2024-11-05 to 2025-11-25. It is as strict as the official TypeScript SDK, with
which most apps read: a reply with both `result` and `error`, or without `"jsonrpc": "2.0"`, is no message. A list of
messages is a batch; whether it may come depends on the revision.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..text import clean

LINE_LIMIT = 1024 * 1024
"""Bytes of the longest line that is looked at."""
NOISE_CHARACTERS = 200
MAX_BATCH = 100
"""Messages of a batch; a longer one is noise."""
_NOISE_BYTES = 4 * NOISE_CHARACTERS + 8
_INTEGER_DIGITS = 600
_EMPTY_LINES = re.compile(rb"(?:\r?\n)*")

Id = int | str
METHOD_NOT_FOUND = -32601


class NoiseKind(enum.StrEnum):
    """Why a line is no message."""

    NOT_JSON = "not-json"
    NOT_JSONRPC = "not-jsonrpc"
    """JSON, but no message of JSON-RPC 2.0."""
    NOT_UTF8 = "not-utf8"
    TOO_LONG = "too-long"
    """More than `LINE_LIMIT` bytes without a line end."""
    UNTERMINATED = "unterminated"
    """The stream ended inside the line, so that no client would have read it."""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a request. MCP wants an object as `result`; whether it is one is for the reader to look at."""

    id: Id
    result: object


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A refused request. `id` is None when the peer could not read which one it was."""

    id: Id | None
    code: int
    message: str
    data: object = None


@dataclass(frozen=True, slots=True)
class Request:
    """The peer asks us."""

    id: Id
    method: str
    params: object = None


@dataclass(frozen=True, slots=True)
class Notification:
    """The peer tells us something and wants no answer."""

    method: str
    params: object = None


@dataclass(frozen=True, slots=True)
class Noise:
    """A line that is no message. `text` is how it begins, cleaned, at most `NOISE_CHARACTERS` characters."""

    text: str
    kind: NoiseKind


@dataclass(frozen=True, slots=True)
class Batch:
    """Several messages in one, which the revision 2025-03-26 allows and no other. `text` is how the line begins."""

    messages: tuple[Response | ErrorResponse | Request | Notification, ...]
    text: str


Message = Response | ErrorResponse | Request | Notification | Batch | Noise


class LineReader:
    """Cuts a stream of bytes into messages; the same bytes give the same messages however they are cut into chunks.

    Holds at most `LINE_LIMIT` bytes and takes linear time. Empty lines are skipped.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._dropping = False

    def feed(self, data: bytes) -> list[Message]:
        """Take the next bytes and return the messages that they complete, in order."""
        messages: list[Message] = []
        at = 0
        while True:
            if not self._line and not self._dropping and (empty := _EMPTY_LINES.match(data, at)):
                at = empty.end()
            newline = data.find(b"\n", at)
            end = len(data) if newline < 0 else newline
            self._take(data[at:end], messages)
            if newline < 0:
                return messages
            if not self._dropping and (message := classify(bytes(self._line))) is not None:
                messages.append(message)
            self._line.clear()
            self._dropping = False
            at = newline + 1

    def end(self) -> list[Message]:
        """Say that the stream has ended; what stands after the last line end is noise."""
        rest = bytes(self._line)
        self._line.clear()
        self._dropping = False
        return [_noise(rest, NoiseKind.UNTERMINATED)] if rest.strip() else []

    def _take(self, piece: bytes, messages: list[Message]) -> None:
        if self._dropping:
            return
        if len(self._line) + len(piece) <= LINE_LIMIT:
            self._line += piece
            return
        beginning = bytes(self._line[:_NOISE_BYTES]) + piece[:_NOISE_BYTES]
        messages.append(_noise(beginning, NoiseKind.TOO_LONG))
        self._line.clear()
        self._dropping = True


def classify(line: bytes) -> Message | None:
    """What one line, without its line end, is: a message, noise, or None for an empty one. Never raises."""
    line = line.strip(b" \t\r")
    if not line:
        return None
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return _noise(line, NoiseKind.NOT_UTF8)
    if text[0] not in '{["-0123456789tfn':
        return _noise(line, NoiseKind.NOT_JSON)
    try:
        value = json.loads(text, parse_constant=_refuse, parse_int=_integer)
    except (ValueError, RecursionError):
        return _noise(line, NoiseKind.NOT_JSON)
    if isinstance(value, list):
        return batch_of(value, _noise(line, NoiseKind.NOT_JSONRPC).text)
    return message_of(value) or _noise(line, NoiseKind.NOT_JSONRPC)


def message_of(value: object) -> Response | ErrorResponse | Request | Notification | None:
    """The JSON-RPC message that a decoded JSON value is, or None. Never raises."""
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        return None
    identity = _identity(value.get("id"))
    if (method := value.get("method")) is not None:
        return _call(method, identity, value) if "result" not in value and "error" not in value else None
    if "result" in value:
        return Response(identity, value["result"]) if identity is not None and "error" not in value else None
    return _refusal(value.get("error"), identity, value)


def batch_of(values: list[object], text: str) -> Batch | Noise:
    """The batch that a decoded list is, or noise when it is empty, too long, or not all of it are messages."""
    messages = tuple(message for value in values[: MAX_BATCH + 1] if (message := message_of(value)) is not None)
    whole = messages and len(messages) == len(values) <= MAX_BATCH
    return Batch(messages, text) if whole else Noise(text, NoiseKind.NOT_JSONRPC)


def request(identity: Id, method: str, params: Mapping[str, object] | None = None) -> dict[str, object]:
    """Build a request; without `params` it has none."""
    return {"jsonrpc": "2.0", "id": identity, "method": method, **({} if params is None else {"params": params})}


def notification(method: str, params: Mapping[str, object] | None = None) -> dict[str, object]:
    """Build a notification; without `params` it has none."""
    return {"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})}


def response(identity: Id, result: Mapping[str, object]) -> dict[str, object]:
    """Build the answer to a request of the peer."""
    return {"jsonrpc": "2.0", "id": identity, "result": result}


def error_response(identity: Id, code: int, message: str) -> dict[str, object]:
    """Build the refusal of a request of the peer."""
    return {"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": message}}


def encode(message: Mapping[str, object]) -> bytes:
    """The line that carries a message, with its line end. Pure ASCII, so that no encoding of the peer can break it."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def _call(method: object, identity: Id | None, value: Mapping[str, object]) -> Request | Notification | None:
    if not isinstance(method, str):
        return None
    if "id" not in value:
        return Notification(method, value.get("params"))
    return Request(identity, method, value.get("params")) if identity is not None else None


def _refusal(error: object, identity: Id | None, value: Mapping[str, object]) -> ErrorResponse | None:
    if not isinstance(error, dict) or (identity is None and value.get("id") is not None):
        return None
    code, message = error.get("code"), error.get("message")
    if not isinstance(code, int) or isinstance(code, bool) or not isinstance(message, str):
        return None
    return ErrorResponse(identity, code, message, error.get("data"))


def _identity(value: object) -> Id | None:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    # For JSON 1.0 and 1 are the same number.
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _noise(line: bytes, kind: NoiseKind) -> Noise:
    beginning = line[:_NOISE_BYTES].decode("utf-8", "replace")
    return Noise(clean(beginning, NOISE_CHARACTERS - 2)[:NOISE_CHARACTERS], kind)


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _integer(digits: str) -> float:
    # `int` refuses more than 4,300 digits; a double, which JavaScript would use, does not.
    return int(digits) if len(digits) <= _INTEGER_DIGITS else float(digits)
