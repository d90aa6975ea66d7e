# SPDX-License-Identifier: GPL-3.0-or-later
"""The headers that the user wants sent to an MCP server over HTTP. Their values stand in variables, in no setting."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import dataclass
from urllib.parse import quote

from ...check import Context
from ...knowledge.catalogue import note
from ...probes.http import Origin
from ...text import host_port
from .endpoint import is_loopback

MAX_VALUE = 8192


@dataclass(frozen=True, slots=True)
class UserHeaders:
    """What is sent, and what is not and why."""

    sent: tuple[tuple[str, str], ...] = ()
    unset: tuple[str, ...] = ()
    """Variables that are not set or hold what no header can carry."""
    unencrypted: bool = False
    """None is sent, because others could read it on the way."""


def _shapes(value: str) -> set[str]:
    """The forms in which a server may repeat a header's value or the secret in it."""
    credentials = value.rpartition(" ")[2]
    found = {value, credentials, *(part.partition("=")[2].strip() for part in value.split(";"))}
    if value.lower().startswith("basic "):
        with contextlib.suppress(ValueError):
            pair = base64.b64decode(credentials, validate=True).decode("utf-8", "replace")
            found |= {pair, pair.partition(":")[2]}
    found |= (
        {one.replace("/", "\\/") for one in found} | {quote(one) for one in found} | {quote(one, "") for one in found}
    )
    return found - {""}


def user_headers(context: Context, origin: Origin) -> UserHeaders:
    """The headers for requests to `origin`, their values remembered as secrets."""
    wanted = context.target.headers
    if wanted and origin.context is None and not is_loopback(origin.address.host):
        return UserHeaders(unencrypted=True)
    sent, unset = [], []
    for name, variable in wanted:
        value = context.machine.environ.get(variable, "").strip()
        context.secrets.update(_shapes(value))
        if value and value.isascii() and value.isprintable() and len(value) <= MAX_VALUE:
            sent.append((name, value))
        else:
            unset.append(variable)
    return UserHeaders(tuple(sent), tuple(unset))


def not_sent(context: Context, origin: Origin) -> tuple[str, ...]:
    """What is said of headers that the user configured and that do not reach the server, whatever it answers."""
    used = user_headers(context, origin)
    if used.unencrypted:
        return (note("header_unencrypted", {"endpoint": host_port(origin.address.host, origin.address.port)}),)
    return (note("header_unset", {"unset": ", ".join(used.unset)}),) if used.unset else ()
