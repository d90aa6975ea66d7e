# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's half of the MCP handshake and of listing tools, without I/O.

`initialize` → result → `notifications/initialized` → `tools/list`, page by page: the lifecycle of the revisions
2024-11-05 to 2025-11-25 (2026-07-28 has no `initialize`). Messages of the peer go in, messages to send come out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..text import clean
from . import jsonrpc
from .jsonrpc import ErrorResponse, Id, Message, Noise, Notification, Request, Response

MAX_PAGES = 20
MAX_TOOLS = 1000
MAX_ANSWERS = 100
"""Requests of the peer that are answered; a peer that asks more is not kept happy at the price of our memory."""
MAX_ECHO = 4096
"""Characters of an id or a cursor of the peer that is sent back; longer ones are not answered."""
_MAX_NAMES = 40
_MAX_STRAYS = 5
_NAME_LENGTH = 200
_REVISION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class McpAnswer:
    """What a server answered to the handshake. All text from outside is cleaned and bounded."""

    answered: bool = False
    """A result, not an error, came for `initialize`."""
    protocol_version: str | None = None
    """As it came; None when it was missing or no string."""
    protocol_version_raw: str = ""
    """The JSON text of whatever came as `protocolVersion`; empty when it was missing."""
    protocol_version_valid: bool = False
    """It is a string shaped like a revision ("2025-11-25"), known or not."""
    server_name: str | None = None
    server_version: str | None = None
    capabilities: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    tools_listed: bool = False
    """The list of tools came whole, up to the limits. It is asked for only when the server declares `tools`."""
    tools_error: str | None = None
    """Code and message of the refusal of `tools/list`, or "malformed"."""
    error_code: int | None = None
    """Of the refusal of `initialize`, with the next two."""
    error_message: str | None = None
    error_supported: tuple[str, ...] = ()
    """Protocol versions that the refusal offers."""
    stray_ids: tuple[str, ...] = ()
    """JSON texts of the ids of replies to nothing that was asked (the first five)."""


class Handshake:
    """One conversation. Its attributes are what is known so far; every text of the peer in them is cleaned."""

    def __init__(self, *, offer: str, client_name: str, client_version: str) -> None:
        self.answered = False
        """A result, not an error, came for `initialize`."""
        self.done = False
        """Nothing more will be asked: all was listed, or the peer refused."""
        self.protocol_version: str | None = None
        self.protocol_version_raw = ""
        """The JSON text of whatever stood as `protocolVersion`; empty when it was missing."""
        self.server_name: str | None = None
        self.server_version: str | None = None
        self.capabilities: tuple[str, ...] = ()
        self.error: ErrorResponse | None = None
        """The refusal of `initialize`."""
        self.tools: list[str] = []
        self.tools_listed = False
        """All tools were listed, up to the limits."""
        self.tools_error: str | None = None
        """Code and message of the refusal, or "malformed"."""
        self.stray_ids: list[str] = []
        """Ids of replies to nothing that was asked."""
        self._offer = offer
        self._client = {"name": client_name, "version": client_version}
        self._expected: Id | None = None
        self._requests = 0
        self._pages = 0
        self._answers = 0
        self._cursors: set[str] = set()

    def begin(self) -> dict[str, object]:
        """The `initialize` request, to be sent first."""
        params = {"protocolVersion": self._offer, "capabilities": {}, "clientInfo": self._client}
        return self._ask("initialize", params)

    def receive(self, message: Message) -> list[dict[str, object]]:
        """Take the next message of the peer and return what to send now, in order."""
        match message:
            case Request():
                return self._serve(message)
            case Response() | ErrorResponse():
                return self._reply(message)
            case Notification() | Noise():
                return []

    @property
    def protocol_version_valid(self) -> bool:
        """Whether the version is a string shaped like a revision, known or not."""
        return self.protocol_version is not None and _REVISION.fullmatch(self.protocol_version) is not None

    @property
    def error_supported(self) -> tuple[str, ...]:
        """The versions that the refusal offers instead (`data.supported`), as -32022 and some -32602 have them."""
        data = self.error.data if self.error is not None else None
        supported = data.get("supported") if isinstance(data, dict) else None
        return _names(supported) if isinstance(supported, list) else ()

    def seen(self) -> McpAnswer:
        """What is known so far, as it stays."""
        return McpAnswer(
            answered=self.answered,
            protocol_version=self.protocol_version,
            protocol_version_raw=self.protocol_version_raw,
            protocol_version_valid=self.protocol_version_valid,
            server_name=self.server_name,
            server_version=self.server_version,
            capabilities=self.capabilities,
            tools=tuple(self.tools),
            tools_listed=self.tools_listed,
            tools_error=self.tools_error,
            error_code=self.error.code if self.error else None,
            error_message=clean(self.error.message, 500) if self.error else None,
            error_supported=self.error_supported,
            stray_ids=tuple(self.stray_ids),
        )

    def _ask(self, method: str, params: Mapping[str, object]) -> dict[str, object]:
        self._requests += 1
        self._expected = self._requests
        return jsonrpc.request(self._requests, method, params)

    def _serve(self, message: Request) -> list[dict[str, object]]:
        too_long = isinstance(message.id, str) and len(message.id) > MAX_ECHO
        if self._answers >= MAX_ANSWERS or too_long:
            return []
        self._answers += 1
        if message.method == "ping":
            return [jsonrpc.response(message.id, {})]
        return [jsonrpc.error_response(message.id, jsonrpc.METHOD_NOT_FOUND, "Method not found")]

    def _reply(self, message: Response | ErrorResponse) -> list[dict[str, object]]:
        # An error without an id is the answer of a peer that could not read the request; only one is ever open.
        unreadable = isinstance(message, ErrorResponse) and message.id is None
        if self.done or not (unreadable or message.id == self._expected):
            if len(self.stray_ids) < _MAX_STRAYS:
                self.stray_ids.append(_json(message.id))
            return []
        if self.answered:
            return self._take_tools(message)
        if isinstance(message, ErrorResponse):
            self.error = message
            self.done = True
            return []
        return self._take_initialize(message.result)

    def _take_initialize(self, result: object) -> list[dict[str, object]]:
        self.answered = True
        fields = result if isinstance(result, dict) else {}
        version = fields.get("protocolVersion")
        self.protocol_version_raw = _json(version) if "protocolVersion" in fields else ""
        self.protocol_version = clean(version, _NAME_LENGTH) if isinstance(version, str) else None
        server = fields.get("serverInfo")
        if isinstance(server, dict):
            self.server_name = _text(server.get("name"))
            self.server_version = _text(server.get("version"))
        capabilities = fields.get("capabilities")
        self.capabilities = _names(list(capabilities)) if isinstance(capabilities, dict) else ()
        messages = [jsonrpc.notification("notifications/initialized")]
        if "tools" in self.capabilities:
            messages.append(self._ask("tools/list", {}))
        else:
            self.done = True
        return messages

    def _take_tools(self, message: Response | ErrorResponse) -> list[dict[str, object]]:
        if isinstance(message, ErrorResponse):
            return self._end_tools(clean(f"{message.code} {message.message}", _NAME_LENGTH))
        page = message.result if isinstance(message.result, dict) else {}
        tools = page.get("tools")
        if not isinstance(tools, list):
            return self._end_tools("malformed")
        names = [tool["name"] for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]
        room = MAX_TOOLS - len(self.tools)
        self.tools += [clean(name, _NAME_LENGTH) for name in names[:room]]
        self._pages += 1
        cursor = page.get("nextCursor")
        if isinstance(cursor, str) and len(cursor) > MAX_ECHO:
            return self._end_tools("malformed")
        if not isinstance(cursor, str) or cursor in self._cursors or len(names) >= room or self._pages >= MAX_PAGES:
            return self._end_tools(None)
        self._cursors.add(cursor)
        return [self._ask("tools/list", {"cursor": cursor})]

    def _end_tools(self, error: str | None) -> list[dict[str, object]]:
        self.tools_error = error
        self.tools_listed = error is None
        self.done = True
        return []


def describe(message: Message) -> str:
    """A received message as one short line of a transcript: methods, ids, codes and versions, and no other values."""
    match message:
        case Response(id=identity, result=result):
            fields = result if isinstance(result, dict) else {}
            return f"result {_json(identity)}{_version(fields)}"
        case ErrorResponse(id=identity, code=code):
            return f"error {_json(identity)} {_json(code)}"
        case Request(id=identity, method=method):
            return f"request {_json(identity)} {clean(method, 100)}"
        case Notification(method=method):
            return f"notification {clean(method, 100)}"
        case Noise(kind=kind):
            return f"no message ({kind})"


def describe_sent(message: Mapping[str, object]) -> str:
    """Like `describe`, for a message that is sent."""
    if "method" not in message:
        return f"{'result' if 'result' in message else 'error'} {_json(message.get('id'))}"
    params = message.get("params")
    return f"{message['method']}{_version(params if isinstance(params, Mapping) else {})}"


def _version(fields: Mapping[str, object]) -> str:
    return f" protocolVersion={_json(fields['protocolVersion'])}" if "protocolVersion" in fields else ""


def _names(values: list[object]) -> tuple[str, ...]:
    return tuple(clean(value, _NAME_LENGTH) for value in values[:_MAX_NAMES] if isinstance(value, str))


def _text(value: object) -> str | None:
    return clean(value, _NAME_LENGTH) if isinstance(value, str) else None


def _json(value: object) -> str:
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    return clean(json.dumps(value), 100)
