# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's half of the beginning of a conversation in MCP, without I/O: agree on a version, list the tools.

With a handshake, as in the revisions 2024-11-05 to 2025-11-25: `initialize` → result → `notifications/initialized`.
Without one, as in 2026-07-28: `server/discover`, and every request carries its version. A client that offers both asks
in the newer way first and falls back (MCP specification 2026-07-28, versioning). Then `tools/list`, page by page, and,
for servers that are known, one tool that only reads. Messages of the peer go in, messages to send come out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..text import clean
from . import jsonrpc
from .jsonrpc import Batch, ErrorResponse, Id, Message, Noise, Request, Response
from .mcp_answer import Era, McpAnswer, ToolCall, json_text
from .mcp_versions import BATCHES, HANDSHAKE, SETTLING, newest_handshake, newest_stateless

MAX_PAGES = 20
MAX_TOOLS = 1000
MAX_ANSWERS = 100
"""Requests of the peer that are answered; a peer that asks more is not kept happy at the price of our memory."""
MAX_ECHO = 4096
"""Characters of an id or a cursor of the peer that is sent back; longer ones are not answered."""
MAX_TEXT = 64 * 1024
"""Characters of a tool's answer that are kept."""
UNSUPPORTED_VERSION = -32022
_MAX_NAMES = 40
_MAX_STRAYS = 5
_NAME_LENGTH = 200
_REVISION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_META = "io.modelcontextprotocol/"
_DISCOVER, _INITIALIZE, _LIST, _CALL = "server/discover", "initialize", "tools/list", "tools/call"


class Handshake:
    """One conversation.

    `offers` are the versions that may be asked for; `calls` says which tool of a server of this name may be called
    without arguments, because it only reads.
    """

    def __init__(
        self, *, offers: Sequence[str], client_name: str, client_version: str, calls: Mapping[str, str] | None = None
    ) -> None:
        self.step = ""
        """The method that an answer is waited for; empty when nothing more will be asked."""
        self._offers = tuple(offers)
        self._calls = calls or {}
        self._client = {"name": client_name, "version": client_version}
        self._requests = 0
        self._answers = 0
        self._offered: list[str] = []
        self._stray_ids: list[str] = []
        self._late: Id | None = None
        self._reset()

    def _reset(self) -> None:
        self._era: Era | None = None
        self._asked_again = False
        self._version: str | None = None
        self._version_raw = ""
        self._supported: tuple[str, ...] = ()
        self._server_name: str | None = None
        self._server_version: str | None = None
        self._capabilities: tuple[str, ...] = ()
        self._experimental: tuple[str, ...] = ()
        self._error: ErrorResponse | None = None
        self._malformed = ""
        self._unanswered = ""
        self._tools: list[str] = []
        self._tools_listed = False
        self._tools_error: str | None = None
        self._pages = 0
        self._cursors: set[str] = set()
        self._call: ToolCall | None = None

    def begin(self) -> dict[str, object]:
        """The request to be sent first; also the first of a new session, when the server has ended the last one."""
        self._reset()
        return self._discover(version) if (version := newest_stateless(self._offers)) else self._initialize()

    def give_up_discovery(self) -> list[dict[str, object]]:
        """What to send when `server/discover` gets no answer: an older server may not say that it does not know it.

        Nothing where no handshake was offered; then the conversation is over, and the question stays open.
        """
        if self.step != _DISCOVER:
            return []
        self._late = self._requests
        return self._fall_back(None)

    @property
    def may_fall_back(self) -> bool:
        """Whether `initialize` may be tried after `server/discover`."""
        return newest_handshake(self._offers) is not None

    def receive(self, message: Message) -> list[dict[str, object]]:
        """Take the next message of the peer and return what to send now, in order."""
        match message:
            case Request():
                return self._serve(message)
            case Response() | ErrorResponse():
                return self._reply(message)
            case Batch(messages=messages) if not self.is_noise(message):
                return [reply for one in messages for reply in self.receive(one)]
            case _:
                return []

    def is_noise(self, message: Message) -> bool:
        """Whether it is nothing that this conversation knows: no message, or a batch in a revision without them."""
        return isinstance(message, Noise) or (isinstance(message, Batch) and self._version != BATCHES)

    @property
    def done(self) -> bool:
        """Nothing more will be asked: all is known, or the peer refused."""
        return self._requests > 0 and not self.step

    @property
    def answered(self) -> bool:
        """A version was answered, whichever it is."""
        return self._era is not None

    def headers(self, message: Mapping[str, object]) -> list[tuple[str, str]]:
        """The headers about MCP that a message over HTTP carries.

        From 2025-06-18 on the version that was agreed on; from 2026-07-28 on also what is asked for, so that it can be
        routed without reading it (MCP specification, transports).
        """
        params = message.get("params")
        fields = params if isinstance(params, Mapping) else {}
        meta = fields.get("_meta")
        if isinstance(meta, Mapping):
            found = [
                ("MCP-Protocol-Version", str(meta[_META + "protocolVersion"])),
                ("Mcp-Method", str(message["method"])),
            ]
            return [*found, ("Mcp-Name", str(fields["name"]))] if message["method"] == _CALL else found
        agreed = self.answered and self._version is not None and _REVISION.fullmatch(self._version)
        return [("MCP-Protocol-Version", self._version or "")] if agreed else []

    def seen(self) -> McpAnswer:
        """What is known so far, as it stays."""
        return McpAnswer(
            offered=tuple(dict.fromkeys(self._offered)),
            era=self._era,
            answered=self.answered,
            protocol_version=self._version,
            protocol_version_raw=self._version_raw,
            protocol_version_valid=self._version is not None and _REVISION.fullmatch(self._version) is not None,
            supported=self._supported,
            server_name=self._server_name,
            server_version=self._server_version,
            capabilities=self._capabilities,
            experimental=self._experimental,
            tools=tuple(self._tools),
            tools_listed=self._tools_listed,
            tools_error=self._tools_error,
            call=self._call,
            malformed=self._malformed,
            waits_for=self.step or self._unanswered,
            error_code=self._error.code if self._error else None,
            error_message=clean(self._error.message, 500) if self._error else None,
            stray_ids=tuple(self._stray_ids),
        )

    def _discover(self, version: str) -> dict[str, object]:
        self._offered.append(version)
        return self._ask(_DISCOVER, {"_meta": self._meta(version)})

    def _initialize(self) -> dict[str, object]:
        version = newest_handshake(self._offers) or HANDSHAKE[-1]
        self._offered.append(version)
        return self._ask(_INITIALIZE, {"protocolVersion": version, "capabilities": {}, "clientInfo": self._client})

    def _meta(self, version: str) -> dict[str, object]:
        """What every request carries in place of a handshake."""
        fields = {"protocolVersion": version, "clientInfo": self._client, "clientCapabilities": {}}
        return {_META + name: value for name, value in fields.items()}

    def _ask(self, method: str, params: Mapping[str, object]) -> dict[str, object]:
        self._requests += 1
        self.step = method
        if self._era is Era.STATELESS:
            params = {**params, "_meta": self._meta(self._version or "")}
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
        # An error without an id is the answer of a peer that could not read the request; only one is ever open. Later
        # it may as well be about a notification.
        unreadable = isinstance(message, ErrorResponse) and message.id is None and self.step in SETTLING
        if self._is_late(message):
            return self._take_discover(message)
        expected: Id = self._requests
        if self.done or not (unreadable or message.id == expected):
            if len(self._stray_ids) < _MAX_STRAYS:
                self._stray_ids.append(json_text(message.id))
            return []
        take = {
            _DISCOVER: self._take_discover,
            _INITIALIZE: self._take_initialize,
            _LIST: self._take_tools,
            _CALL: self._take_call,
        }
        return take[self.step](message)

    def _is_late(self, message: Response | ErrorResponse) -> bool:
        """Whether a slow server says now that it knows the newer way, while it is asked in the older one."""
        if not isinstance(message, Response) or message.id != self._late or self.step != _INITIALIZE:
            return False
        fields = message.result if isinstance(message.result, dict) else {}
        return newest_stateless(self._offers, _listed(fields, "supportedVersions")) is not None

    def _take_discover(self, message: Response | ErrorResponse) -> list[dict[str, object]]:
        if isinstance(message, ErrorResponse):
            if message.code != UNSUPPORTED_VERSION:
                return self._fall_back(message)
            self._supported = _listed(message.data, "supported")
            return self._ask_again() or self._fall_back(message)
        fields = message.result if isinstance(message.result, dict) else {}
        self._supported = _listed(fields, "supportedVersions")
        version = newest_stateless(self._offers, self._supported)
        if version is None:
            return self._fall_back(None)
        self._era, self._version, self._version_raw = Era.STATELESS, version, json_text(version)
        meta = fields.get("_meta")
        self._missing(fields, "capabilities", dict)
        self._take_server(meta.get(_META + "serverInfo") if isinstance(meta, dict) else None, fields)
        return self._list()

    def _ask_again(self) -> list[dict[str, object]]:
        """Ask for a version that the server has named, once."""
        version = newest_stateless(self._offers, self._supported)
        if version is None or self._asked_again:
            return []
        self._asked_again = True
        return [self._discover(version)]

    def _fall_back(self, refusal: ErrorResponse | None) -> list[dict[str, object]]:
        """To the handshake, unless the server has said that it knows none, or none was offered."""
        impossible = self._supported and not set(self._supported) & set(HANDSHAKE)
        if not self.may_fall_back or (impossible and refusal is not None):
            self._error, self._unanswered = refusal, "" if refusal else _DISCOVER
            return self._end()
        return [self._initialize()]

    def _take_initialize(self, message: Response | ErrorResponse) -> list[dict[str, object]]:
        if isinstance(message, ErrorResponse):
            self._supported = _listed(message.data, "supported") or self._supported
            if message.code == UNSUPPORTED_VERSION and (again := self._ask_again()):
                return again
            self._error = message
            return self._end()
        self._era = Era.INITIALIZE
        fields = message.result if isinstance(message.result, dict) else {}
        version = fields.get("protocolVersion")
        self._version_raw = json_text(version) if "protocolVersion" in fields else ""
        self._version = clean(version, _NAME_LENGTH) if isinstance(version, str) else None
        self._missing(fields, "capabilities", dict)
        self._missing(fields, "serverInfo", dict)
        info = fields.get("serverInfo")
        if isinstance(info, dict):
            self._missing(info, "name", str, "serverInfo.")
            self._missing(info, "version", str, "serverInfo.")
        self._take_server(info, fields)
        return [jsonrpc.notification("notifications/initialized"), *self._list()]

    def _missing(self, fields: Mapping[str, object], name: str, kind: type, path: str = "") -> None:
        """Note the first field of an answer that the specification requires and that is not as it should be."""
        if not isinstance(fields.get(name), kind) and not self._malformed:
            wanted = "a text" if kind is str else "an object"
            self._malformed = f"{path}{name} is {f'not {wanted}' if name in fields else 'missing'}"

    def _take_server(self, info: object, fields: Mapping[str, object]) -> None:
        if isinstance(info, dict):
            self._server_name = _text(info.get("name"))
            self._server_version = _text(info.get("version"))
        capabilities = fields.get("capabilities")
        if isinstance(capabilities, dict):
            self._capabilities = _names(list(capabilities))
            more = [capabilities.get(name) for name in ("experimental", "extensions")]
            self._experimental = _names([key for values in more if isinstance(values, dict) for key in values])

    def _list(self) -> list[dict[str, object]]:
        return [self._ask(_LIST, {})] if "tools" in self._capabilities else self._end()

    def _take_tools(self, message: Response | ErrorResponse) -> list[dict[str, object]]:
        if isinstance(message, ErrorResponse):
            return self._end_tools(clean(f"{message.code} {message.message}", _NAME_LENGTH))
        page = message.result if isinstance(message.result, dict) else {}
        tools = page.get("tools")
        if not isinstance(tools, list):
            return self._end_tools("malformed")
        for number, tool in enumerate(tools[:MAX_TOOLS], len(self._tools) + 1):
            if not isinstance(tool, dict):
                self._malformed = self._malformed or f"tool {number} of its list is no object"
                continue
            self._missing(tool, "name", str, f"tool {number}: ")
            self._missing(tool, "inputSchema", dict, f"tool {number}: ")
        names = [tool["name"] for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]
        room = MAX_TOOLS - len(self._tools)
        self._tools += [clean(name, _NAME_LENGTH) for name in names[:room]]
        self._pages += 1
        cursor = page.get("nextCursor")
        if isinstance(cursor, str) and len(cursor) > MAX_ECHO:
            return self._end_tools("malformed")
        if not isinstance(cursor, str) or cursor in self._cursors or len(names) >= room or self._pages >= MAX_PAGES:
            return self._end_tools(None)
        self._cursors.add(cursor)
        return [self._ask(_LIST, {"cursor": cursor})]

    def _end_tools(self, error: str | None) -> list[dict[str, object]]:
        self._tools_error = error
        self._tools_listed = error is None
        tool = self._calls.get(self._server_name or "")
        if error is None and tool in self._tools:
            return [self._ask(_CALL, {"name": tool, "arguments": {}})]
        return self._end()

    def _take_call(self, message: Response | ErrorResponse) -> list[dict[str, object]]:
        tool = self._calls[self._server_name or ""]
        if isinstance(message, ErrorResponse):
            self._call = ToolCall(tool, error=clean(f"{message.code} {message.message}", 500))
            return self._end()
        fields = message.result if isinstance(message.result, dict) else {}
        content = fields.get("content")
        texts = [part.get("text") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
        text = "\n".join(text for text in texts if isinstance(text, str))[:MAX_TEXT]
        if fields.get("isError") is True:
            self._call = ToolCall(tool, error=clean(text, 500) or "it failed and did not say why")
        elif not text:
            self._call = ToolCall(tool, error="it answered nothing that can be read")
        else:
            self._call = ToolCall(tool, text)
        return self._end()

    def _end(self) -> list[dict[str, object]]:
        self.step = ""
        return []


def _listed(fields: object, name: str) -> tuple[str, ...]:
    """The texts in a list of the peer; nothing where there is no such list."""
    values = fields.get(name) if isinstance(fields, dict) else None
    return _names(values) if isinstance(values, list) else ()


def _names(values: list[object]) -> tuple[str, ...]:
    return tuple(clean(value, _NAME_LENGTH) for value in values[:_MAX_NAMES] if isinstance(value, str))


def _text(value: object) -> str | None:
    return clean(value, _NAME_LENGTH) if isinstance(value, str) else None
