# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the conversation with the endpoint came, step by step, from what the checks observed."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import Context
from ..model import Layer, Verdict
from ..probes.bridge import BridgeAnswer
from ..probes.mcp_http import WebServerAnswer
from ..probes.tcp import Reached
from ..probes.tls import Handshake, Shaken
from ..protocols.dialect import Dialect
from ..protocols.mcp_versions import SETTLING
from .network.endpoint import Reach, is_bridge, is_web
from .network.listener import Unaccepted


def layers(context: Context) -> tuple[Layer, ...]:
    """The steps that were tried, the last one being where things ended; none where nobody was asked."""
    found = []
    for layer in _steps(context):
        found.append(layer)
        if layer.verdict in {Verdict.FAIL, Verdict.UNKNOWN}:
            break
    return tuple(found)


def _steps(context: Context) -> Iterator[Layer]:
    reach = context.observed(Reach)
    if reach is None:
        return
    yield Layer("resolved", _passed(bool(reach.resolution.addresses)), reach.resolution.elapsed_ms)
    opened = [attempt for attempt in reach.attempts if attempt.reached is Reached.OPEN]
    tried = opened or list(reach.attempts)
    yield Layer("listening", _passed(bool(opened)), min((attempt.elapsed_ms for attempt in tried), default=0.0))
    shaken = context.observed(Handshake)
    if shaken is not None:
        yield Layer("secured", _passed(shaken.shaken is Shaken.SECURED), shaken.elapsed_ms)
    web = context.observed(WebServerAnswer)
    if is_web(context):
        yield from _of_web(web, context)
    else:
        yield from _of_bridge(context)


def _of_web(web: WebServerAnswer | None, context: Context) -> Iterator[Layer]:
    judged = context.outcome("network.web")
    if web is None or judged is None:
        return
    yield Layer("greeted", _passed(web.first.status != 0), web.first.elapsed_ms)
    yield Layer(
        "identified",
        _passed(web.speaks_mcp),
        sum(dict(web.steps).get(step, 0.0) for step in SETTLING) or web.elapsed_ms,
    )
    yield Layer("protocol fits", judged.verdict, web.elapsed_ms)


def _of_bridge(context: Context) -> Iterator[Layer]:
    answer = context.observed(BridgeAnswer)
    if answer is None:
        return
    heard = bool(answer.first_bytes)
    if heard or context.observed(Unaccepted) is not None:  # of a silent peer it is not known otherwise
        yield Layer("accepted", _passed(heard), answer.first_byte_ms if heard else answer.answer_ms)
    yield Layer("greeted", _passed(heard), answer.first_byte_ms if heard else answer.answer_ms)
    yield Layer("identified", _passed(is_bridge(answer)), answer.answer_ms)
    community = answer.recognised is not None and answer.recognised.dialect is Dialect.MCP_FOR_BLENDER
    # The other add-ons answer what they do not know from their main thread too, where they look for requests.
    yield Layer(
        "main thread answers", _passed(not answer.info_silent), answer.info_ms if community else answer.answer_ms
    )
    judged = context.outcome("addon.meaning")
    if judged is not None and judged.verdict is not Verdict.SKIPPED:
        yield Layer("protocol fits", judged.verdict, answer.info_ms if community else answer.answer_ms)


def _passed(passed: bool) -> Verdict:
    return Verdict.PASS if passed else Verdict.FAIL
