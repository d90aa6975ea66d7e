# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server answered to the beginning of a conversation in MCP: plain data, and messages as lines for people."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..text import clean
from .jsonrpc import Batch, ErrorResponse, Message, Noise, Notification, Request, Response


class Era(enum.StrEnum):
    """How a version of MCP begins a conversation."""

    INITIALIZE = "initialize"
    """With a handshake: 2024-11-05 to 2025-11-25."""
    STATELESS = "stateless"
    """Without one: from 2026-07-28 on."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool that only reads, and what came of it."""

    tool: str
    text: str = field(default="", repr=False)
    """What the tool answered, as it came and up to a limit. It is not cleaned, so that it can be parsed."""
    error: str | None = None
    """Why there is no such text: the refusal, or what the tool reported as its failure."""


@dataclass(frozen=True, slots=True)
class McpAnswer:
    """What a server answered. All text from outside is cleaned and bounded, unless it is said to be not."""

    offered: tuple[str, ...] = ()
    """The versions that it was asked for, in that order."""
    era: Era | None = None
    """The way in which a version was agreed on."""
    answered: bool = False
    """A result, not an error, came for `initialize`, or a usable one for `server/discover`."""
    protocol_version: str | None = None
    """As it came; None when it was missing or no string."""
    protocol_version_raw: str = ""
    """The JSON text of whatever came as `protocolVersion`; empty when it was missing."""
    protocol_version_valid: bool = False
    """It is a string shaped like a revision ("2025-11-25"), known or not."""
    supported: tuple[str, ...] = ()
    """The versions that it says it supports, in the result of `server/discover` or in a refusal."""
    server_name: str | None = None
    server_version: str | None = None
    capabilities: tuple[str, ...] = ()
    experimental: tuple[str, ...] = ()
    """What it declares as experimental, and its extensions."""
    tools: tuple[str, ...] = ()
    tools_listed: bool = False
    """The list of tools came whole, up to the limits. It is asked for only when the server declares `tools`."""
    tools_error: str | None = None
    """Code and message of the refusal of `tools/list`, or "malformed"."""
    call: ToolCall | None = None
    """The tool that was called; None where none was, or where it has not answered."""
    malformed: str = ""
    """The first field that the specification requires and that is missing or of another kind; clients refuse that."""
    waits_for: str = ""
    """The method of the request that was not answered yet when the exchange ended; empty where nothing is open."""
    error_code: int | None = None
    """Of the refusal of `initialize`, or of `server/discover` where no other way was left; with the next one."""
    error_message: str | None = None
    stray_ids: tuple[str, ...] = ()
    """JSON texts of the ids of replies to nothing that was asked (the first five)."""


def describe(message: Message) -> str:
    """A received message as one short line of a transcript: methods, ids, codes and versions, and no other values."""
    match message:
        case Response(id=identity, result=result):
            fields = result if isinstance(result, dict) else {}
            return f"result {json_text(identity)}{_version(fields)}"
        case ErrorResponse(id=identity, code=code):
            return f"error {json_text(identity)} {json_text(code)}"
        case Request(id=identity, method=method):
            return f"request {json_text(identity)} {clean(method, 100)}"
        case Notification(method=method):
            return f"notification {clean(method, 100)}"
        case Batch(messages=messages):
            return f"batch of {len(messages)}"
        case Noise(kind=kind):
            return f"no message ({kind})"


def describe_sent(message: Mapping[str, object]) -> str:
    """Like `describe`, for a message that is sent."""
    if "method" not in message:
        return f"{'result' if 'result' in message else 'error'} {json_text(message.get('id'))}"
    params = message.get("params")
    return f"{message['method']}{_version(params if isinstance(params, Mapping) else {})}"


def json_text(value: object) -> str:
    """A value of the peer as short JSON; what an object or a list holds is left out."""
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    return clean(json.dumps(value), 100)


def _version(fields: Mapping[str, object]) -> str:
    return f" protocolVersion={json_text(fields['protocolVersion'])}" if "protocolVersion" in fields else ""
