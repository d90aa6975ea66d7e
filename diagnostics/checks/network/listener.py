# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens at the endpoint, and should it?"""

from __future__ import annotations

import re

from ...check import Context, Outcome
from ...knowledge import table
from ...knowledge.catalogue import finding
from ...model import Verdict
from ...probes.bridge import BridgeAnswer, Ended
from ...probes.listeners import Listener
from ...protocols.dialect import Dialect
from .endpoint import Connection, LocalEndpoint, evidence_at, is_bridge
from .machine import listening_at


async def owner(context: Context) -> Outcome:
    """Who listens at the port, when what was heard there is no bridge: port taken, or closed at once."""
    connection, answer = context.observed(Connection), context.observed(BridgeAnswer)
    if connection is None or answer is None or is_bridge(answer):
        return Outcome(Verdict.SKIPPED, "the bridge itself answers")
    evidence = evidence_at(connection.endpoint, context) | {"answer": answer.first_bytes}
    found: tuple[Listener, ...] = ()
    if context.observed(LocalEndpoint):
        port = connection.endpoint.port
        reached = {connection.address.host, "0.0.0.0", "::", "*"}  # noqa: S104  # a listener's address, nothing is bound
        found = tuple(at for at in await listening_at(port, context) if at.address in reached)
    evidence |= {"listener": tuple(str(at) for at in found)}
    own = context.snapshot.pid if context.snapshot else None
    taken = next((at for at in found if at.pid != own and _is_another_program(at, answer)), None)
    if "CERTIFICATE_REQUIRED" in answer.error:
        failed = finding("network.tls-client-cert", evidence | {"error": answer.error})
        return Outcome(Verdict.FAIL, failed.title, (failed,), found)
    if taken is None and answer.ended in {Ended.CLOSED, Ended.NO_CONNECTION}:
        failed = finding("network.reset", evidence | {"error": answer.error})
        return Outcome(Verdict.FAIL, failed.title, (failed,), found)
    if taken is None:
        return Outcome(Verdict.PASS, str(connection.address), (), found)
    evidence |= {"pid": taken.pid, "program": taken.program, "user": taken.user, "since": taken.since}
    windows = context.machine.platform == "win32"
    evidence["_inspect"] = f'tasklist /v /fi "PID eq {taken.pid}"' if windows else f"ps -fp {taken.pid}"
    what = answer.recognised.program if answer.recognised else None
    failed = finding("network.port-taken", evidence | {"what": what})
    return Outcome(Verdict.FAIL, failed.title, (failed,), found)


def _is_another_program(at: Listener, answer: BridgeAnswer) -> bool:
    """Whether the listener cannot be a bridge.

    It speaks as something else, or its name says that it is neither Blender, nor an interpreter that may run a bridge,
    nor a forwarder to one.
    """
    if at.pid is None or at.is_blender:
        return False
    names = {re.sub(r"(?:[\d.]+t?)?(?:\.exe)?$", "", name.lower()) for name in (at.program, at.executable)}
    if names.intersection(table("programs")["forwarders"]):
        return False
    foreign = answer.recognised is not None and answer.recognised.dialect is Dialect.FOREIGN
    return foreign or not names.intersection(table("programs")["interpreters"])
