# SPDX-License-Identifier: GPL-3.0-or-later
"""The headers that the user wants sent to an MCP server over HTTP. Their values stand in variables, in no setting."""

from __future__ import annotations

from dataclasses import dataclass

from ...check import Context
from ...probes.http import Origin
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


def user_headers(context: Context, origin: Origin) -> UserHeaders:
    """The headers for requests to `origin`, their values remembered as secrets."""
    wanted = context.target.headers
    if wanted and origin.context is None and not is_loopback(origin.address.host):
        return UserHeaders(unencrypted=True)
    sent, unset = [], []
    for name, variable in wanted:
        value = context.machine.environ.get(variable, "").strip()
        context.secrets.update({value, value.rpartition(" ")[2]} - {""})
        if value and value.isascii() and value.isprintable() and len(value) <= MAX_VALUE:
            sent.append((name, value))
        else:
            unset.append(variable)
    return UserHeaders(tuple(sent), tuple(unset))
