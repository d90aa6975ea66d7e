# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of MCP, and which of them a client that offers some can agree on.

Source: the revisions of the MCP specification, 2024-11-05 to 2026-07-28.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Negotiated by `initialize`, the oldest first."""
STATELESS = ("2026-07-28",)
"""Without a handshake: every request names its version. `server/discover` tells what a server speaks."""
KNOWN = (*HANDSHAKE, *STATELESS)
DEFAULT_OFFER = HANDSHAKE[-1:]
"""What is offered unless the user asks for more: the newest that today's apps negotiate."""
SETTLING = ("server/discover", "initialize")
"""The requests that settle which version is spoken."""
BATCHES = "2025-03-26"
"""The only revision in which several messages may come as one list."""


def newest_handshake(offers: Iterable[str]) -> str | None:
    """The version that `initialize` names: the newest of its kind among the offered ones, None where there is none."""
    return max((version for version in offers if version in HANDSHAKE), default=None)


def newest_stateless(offers: Iterable[str], among: Iterable[str] | None = None) -> str | None:
    """The newest offered version without a handshake, and `among` these where they are given; None for none."""
    wanted = set(STATELESS if among is None else among)
    return max((version for version in offers if version in STATELESS and version in wanted), default=None)


def older_way(offers: Sequence[str]) -> tuple[str, ...]:
    """What is left to offer when the newer way came to nothing; none where only one of the two ways was offered."""
    older = tuple(version for version in offers if version in HANDSHAKE)
    return older if len(older) < len(offers) else ()


def accepted(offers: Iterable[str]) -> tuple[str, ...]:
    """The versions that may be agreed on: who offers one of those with a handshake also knows the ones before it."""
    offered = tuple(offers)
    newest = newest_handshake(offered) or ""
    return (*(version for version in HANDSHAKE if version <= newest), *(v for v in STATELESS if v in offered))
