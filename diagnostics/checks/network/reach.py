# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the name resolve, and does anybody take the connection?"""

from __future__ import annotations

import difflib
import socket

from ...check import Context, Outcome
from ...knowledge.catalogue import finding
from ...model import Verdict
from ...probes.listeners import is_local
from ...probes.tcp import connect_all, resolve
from ...protocols.host_name import asked_as, fault
from . import obstacle
from .endpoint import Connection, LocalEndpoint, Reach, endpoint, evidence_at

CONNECT_S = 3.0
RESOLVE_S = 5.0


async def connect(context: Context) -> Outcome:
    """Resolves the name, connects to each address side by side, and says what stands in the way."""
    where = endpoint(context)
    if context.snapshot is not None and not context.snapshot.online_access and not _stays_here(where.host):
        # Not even its name is looked up: that asks a server too.
        summary = "Blender is set to stay offline"
        return Outcome(Verdict.SKIPPED, summary, observations=(where,), blocked_by="blender.offline")
    resolution = await resolve(where.host, where.port, deadline_s=RESOLVE_S)
    found = ", ".join(address.host for address in resolution.addresses)
    known_as = f", known as {resolution.canonical}" if resolution.canonical else ""
    lines = [f"{resolution.elapsed_ms:8.1f} ms  {where.host} is {found or 'unknown'}{known_as}"]
    if not resolution.addresses:
        asked = "" if where.host.isascii() or fault(where.host) else asked_as(where.host)
        near = difflib.get_close_matches(where.host.lower().rstrip("."), ["localhost"], cutoff=0.75)
        evidence = evidence_at(where, context) | {"error": resolution.error, "asked_as": asked}
        evidence |= {"meant": near[0] if near else None}
        failed = finding("network.name-unresolved", evidence)
        return Outcome(Verdict.FAIL, "name not found", (failed,), (where, Reach(resolution)), transcript=tuple(lines))
    attempts = await connect_all(resolution.addresses, context.ledger, deadline_s=CONNECT_S)
    lines += [f"{attempt.elapsed_ms:8.1f} ms  {attempt}" for attempt in attempts]
    local = all(is_local(address.host) for address in resolution.addresses)
    reach = Reach(resolution, attempts)
    seen: tuple[object, ...] = (where, reach, *((LocalEndpoint(where),) if local else ()))
    opened = [(attempt.address, attempt.sock) for attempt in attempts if attempt.sock is not None]
    for _address, sock in opened:
        context.resources.callback(sock.close)
    if opened:
        for _address, sock in opened[1:]:
            sock.close()
        address, sock = opened[0]
        return Outcome(
            Verdict.PASS, str(address), (), (*seen, Connection(where, address, sock)), transcript=tuple(lines)
        )
    failure = await obstacle.found(where, reach, context, local=local)
    return Outcome(Verdict.FAIL, failure.title, (failure,), seen, transcript=tuple(lines))


def _stays_here(host: str) -> bool:
    """Whether a host is this computer without asking anybody for its address."""
    name = host.lower().rstrip(".")
    return is_local(host) or name in {"localhost", socket.gethostname().lower()} or name.endswith(".localhost")
