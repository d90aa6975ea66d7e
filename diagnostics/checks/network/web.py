# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint that is an MCP server reached over HTTP: is it well, is it at this path, and does it speak MCP?"""

from __future__ import annotations

import dataclasses
import re

from ...check import Context, Outcome
from ...knowledge.catalogue import finding
from ...model import EvidenceValue, Finding, Kind, Link, Verdict
from ...probes.bridge import BridgeAnswer
from ...probes.http import HttpAnswer, Origin, excerpt, shown_path, shown_url
from ...probes.mcp_http import WebServerAnswer, ask_web_server
from ...protocols.foreign import foreign
from ...text import one_line
from .. import through
from ..entries import start_of
from ..mcp import deprecated, facts, not_pinned, refusal, refused_version, tools, unknown_version, without_tools
from .endpoint import Connection, WebEndpoint, evidence_at, expects_web, speaks_http, wanted_path
from .headers import not_sent, user_headers
from .health import Health, ask_health
from .secure import tls_unexpected

ANSWER_S = 5.0
"""How long a server may take for the whole handshake, of which a healthy one needs some 20 ms."""
_PAGE_S = 3.0
_USUAL = (("/mcp", False), ("/", False), ("/sse", True))
"""Where servers are found: the SDK's default, that of Blender Lab's server, and that of the older transport."""
_ELSEWHERE = {404, 405, 406, 410, 501}
"""The server has nothing at this path, or nothing that takes such a request."""
_REDIRECTS = {301, 302, 303, 307, 308}
_UNAUTHORISED = {401, 403, 407}
_GATEWAY = {502, 503, 504}


async def web(context: Context) -> Outcome:
    """Asks for the server's health and does the MCP handshake, where HTTP is spoken or wanted."""
    connection, answer = context.observed(Connection), context.observed(BridgeAnswer)
    if connection is None:
        return Outcome(Verdict.SKIPPED, blocked_by="network.connect")
    meant = expects_web(context)
    if not meant and not (context.target.kind is Kind.AUTO and speaks_http(answer)):
        return Outcome(Verdict.SKIPPED, "no web server")
    if context.target.tls is not None and connection.context is None:
        return Outcome(Verdict.SKIPPED, blocked_by="network.tls")
    if connection.sock is not None and meant:
        connection.sock.close()  # each request has a connection of its own
    context.secrets.update(_secrets(wanted_path(context) or ""))
    origin = Origin.at(
        connection.address,
        connection.endpoint.host,
        context=connection.context,
        server_name=connection.server_name,
    )
    health = await ask_health(origin, context, deadline_s=_PAGE_S)
    tried = await _tried(origin, context, health)
    best = next((one for one in tried if one.speaks_mcp), tried[0])
    context.secrets.update(secret for one in tried for secret in one.secrets)
    evidence = evidence_at(connection.endpoint, context) | _evidence(best, health)
    unencrypted = await _unencrypted(best.first, connection, context)
    failed = [unencrypted] if unencrypted else _health(health, best, evidence) + _judged(best, tried, context, evidence)
    transcript = (*map(str, health.pages), *(line for one in tried for line in one.transcript))
    if not meant and not best.speaks_mcp and not (connection.context or _hints(best)):
        # Some web server sits where an add-on was expected; whose it is, other checks say. No add-on speaks TLS.
        return Outcome(Verdict.SKIPPED, "a web server, and no MCP server", (), (best,), transcript=transcript)
    outcome = _outcome(best, failed, transcript)
    # Where the server wants to know who asks, the finding about that tells it.
    explained = any(found.id == "network.http-auth" for found in failed)
    return outcome if explained else dataclasses.replace(outcome, notes=not_sent(context, origin))


def _outcome(best: WebServerAnswer, failed: list[Finding], transcript: tuple[str, ...]) -> Outcome:
    transport, reached = "HTTP+SSE" if best.sse else "Streamable HTTP", through.told(best.mcp.call)
    told = facts(best.mcp, f"at {shown_path(best.path)}", transport, best.steps, str(reached or ""))
    seen: tuple[object, ...] = (WebEndpoint(), best, *((told,) if best.mcp.answered else ()))
    if any(found.verdict is Verdict.FAIL for found in failed):
        title = next(found.title for found in failed if found.verdict is Verdict.FAIL)
        return Outcome(Verdict.FAIL, title, tuple(failed), seen, transcript=transcript)
    name = one_line(best.mcp.server_name or "MCP server", 40)
    summary = f"{name} over HTTP · MCP {best.mcp.protocol_version} · {tools(best.mcp)}"
    summary += f" · reaches Blender {reached.blender}" if reached else ""
    verdict = Verdict.WARN if failed else Verdict.PASS
    return Outcome(verdict, summary, tuple(failed), seen, transcript=transcript)


async def _tried(origin: Origin, context: Context, health: Health) -> list[WebServerAnswer]:
    """The server at the path that is asked for; where it is not there, at the usual ones."""
    target = context.target
    older = target.kind is Kind.MCP_SSE
    first = (wanted_path(context) or ("/sse" if older else "/mcp"), older)
    dead = bool(health.pages) and not health.pages[0].status
    tried = [await _ask(origin, *first, context, deadline_s=_PAGE_S if dead else ANSWER_S)]
    if (slashed := _with_slash(tried[0])) is not None:
        # Frameworks send from /mcp to /mcp/, which is the same place, and the apps' clients go there.
        tried.append(await _ask(origin, slashed, older, context, deadline_s=ANSWER_S))
        return tried[1:] if tried[1].speaks_mcp else tried
    if is_elsewhere(tried[0]) and not tried[0].speaks_mcp:
        for path, sse in _USUAL:
            if (path, sse) != first:
                tried.append(await _ask(origin, path, sse, context, deadline_s=_PAGE_S))
                if tried[-1].speaks_mcp:
                    break
    return tried


def _with_slash(tried: WebServerAnswer) -> str | None:
    """The path to which the server sends, where that is the same one with a slash at its end."""
    if tried.first.status not in _REDIRECTS:
        return None
    location = re.sub(r"^https?://[^/]*", "", tried.first.headers.get("location", ""), flags=re.IGNORECASE)
    path, question, query = tried.path.partition("?")
    return location if location == f"{path}/{question}{query}" else None


def is_elsewhere(tried: WebServerAnswer) -> bool:
    """Whether the server says that it has nothing for MCP at this path."""
    return tried.first.status in _ELSEWHERE


def _secrets(path: str) -> set[str]:
    """What stands in the query of a path may be a key."""
    query = path.partition("?")[2]
    return {query, *(part.partition("=")[2] for part in query.split("&"))} - {""}


async def _ask(origin: Origin, path: str, sse: bool, context: Context, *, deadline_s: float) -> WebServerAnswer:
    return await ask_web_server(
        origin,
        path,
        context.ledger,
        sse=sse,
        offers=context.target.offers,
        calls=through.read_only_calls(),
        headers=user_headers(context, origin).sent,
        deadline_s=deadline_s,
    )


def _hints(best: WebServerAnswer) -> bool:
    """Whether a web server that was not asked for shows that it stands before an MCP server."""
    first = best.first
    return (
        first.status in _GATEWAY
        or "mcp-session-id" in first.headers
        or (first.status in _UNAUTHORISED and "resource_metadata" in first.headers.get("www-authenticate", ""))
    )


def _evidence(best: WebServerAnswer, health: Health) -> dict[str, EvidenceValue]:
    first = best.first
    return {
        "path": shown_path(best.path),
        "status": first.status or None,
        "content_type": first.media_type,
        "web_server": first.header("server"),
        "page_title": _title(first),
        "body": excerpt(first.body) if first.body else "",
        "health_page": health.page,
        "health": health.said or (str(health.status) if health.status else ""),
        "answer_ms": round(first.elapsed_ms, 1),
        "_state_page": health.page or shown_path(best.path),
    }


async def _unencrypted(first: HttpAnswer, connection: Connection, context: Context) -> Finding | None:
    """The finding that the server wants TLS, where it refuses to be spoken to in the clear."""
    if first.status not in {0, 400} or first.silent:
        return None
    heard = excerpt(first.first_bytes) if first.first_bytes else "HTTP/1.1 400 " if first.status else ""
    return await tls_unexpected(context, connection, heard, closed=not heard)


def _health(health: Health, best: WebServerAnswer, evidence: dict[str, EvidenceValue]) -> list[Finding]:
    if health.healthy is not False or health.status in _GATEWAY & {best.first.status}:
        return []
    return [finding("network.http-unhealthy", evidence | {"status": health.status, "body": health.body})]


def _judged(
    best: WebServerAnswer, tried: list[WebServerAnswer], context: Context, evidence: dict[str, EvidenceValue]
) -> list[Finding]:
    first = best.first
    if best.speaks_mcp:
        return _of_mcp(best, tried[0], context, evidence)
    if not first.status:
        return [finding("network.http-not-mcp", evidence | _of_fault(first))]
    if first.status in _REDIRECTS:
        location = shown_url(first.header("location"))
        # What was left out of an address, because it may be a secret, is missing where it would be pasted.
        whole = location if "…" not in location else None
        return [finding("network.http-redirect", evidence | {"location": location or "nowhere", "_to": whole})]
    if first.status in _UNAUTHORISED:
        challenge = first.header("www-authenticate")
        metadata = re.search(r'resource_metadata="?([^",\s]+)', challenge)
        realm = re.search(r'realm="([^"]*)"', challenge)
        seen = {
            "challenge": challenge.partition(" ")[0] + (f" for “{realm[1]}”" if realm else ""),
            "metadata": shown_url(metadata[1]) if metadata else None,
            "_forbidden": first.status == 403,  # noqa: PLR2004
            **_of_headers(context),
        }
        return [finding("network.http-auth", evidence | seen)]
    if first.status in _GATEWAY:
        return [finding("network.http-bad-gateway", evidence)]
    if is_elsewhere(best):
        return [finding("network.http-wrong-path", evidence)]
    if first.status >= 500:  # noqa: PLR2004
        return [finding("network.http-unhealthy", evidence | {"_at_path": True})]
    broke_off = 200 <= first.status < 300 and bool(best.fault)  # noqa: PLR2004
    evidence |= {"error": best.fault, "_misdirected": first.status == 421, "_broke_off": broke_off}  # noqa: PLR2004
    return [finding("network.http-not-mcp", evidence | {"_no_message": bool(first.media_type) and not broke_off})]


def _of_mcp(
    best: WebServerAnswer, asked: WebServerAnswer, context: Context, evidence: dict[str, EvidenceValue]
) -> list[Finding]:
    found = []
    kind = Kind.MCP_SSE if best.sse else Kind.MCP_HTTP
    # An app that finds nothing newer at the path of its entry asks there in the older way.
    elsewhere = wanted_path(context) is not None and best.path != asked.path
    insisted = context.target.path is not None or context.target.kind is Kind.MCP_SSE or elsewhere
    if best is not asked and (insisted or (best.sse and context.target.kind is Kind.MCP_HTTP)):
        seen: dict[str, EvidenceValue] = {"path": shown_path(asked.path), "status": asked.first.status}
        seen |= {"found_path": shown_path(best.path), "found_kind": kind.value}
        seen |= {"_found_older": best.sse and not asked.sse}
        found.append(finding("network.http-wrong-path", evidence | seen))
    if best.mcp.answered:
        unfit = unknown_version(best.mcp, context.target, evidence) or not_pinned(best.mcp, context.target, evidence)
    else:
        unfit = refused_version(best.mcp, evidence)
    if unfit is not None:
        # Over HTTP the handshake belongs to the network's row; there is no process of a server to look at.
        found.append(dataclasses.replace(unfit, link=Link.NETWORK))
    elif not best.mcp.answered:
        found.append(finding("network.http-not-mcp", evidence | {"error": refusal(best.mcp), "_broke_off": True}))
    elif best.mcp.malformed and not found:
        error = f"its answer is not as MCP requires it ({best.mcp.malformed}), and apps refuse that"
        found.append(finding("network.http-not-mcp", evidence | {"error": error, "_broke_off": True}))
    elif not found and (said := _not_through(best)) is not None:
        found.append(
            finding(
                "network.http-unhealthy",
                evidence | {"said": said, "_through": True, "body": "", "_start": start_of(context)},
            )
        )
    elif best.fault and not found:
        found.append(finding("network.http-not-mcp", evidence | {"error": best.fault, "_broke_off": True}))
    elif "tools" in best.mcp.capabilities and not best.mcp.tools_listed and not found:
        error = best.mcp.tools_error or "it does not list its tools"
        found.append(finding("network.http-not-mcp", evidence | {"error": error, "_broke_off": True}))
    elif not found:
        seen_too = (without_tools(best.mcp, evidence), deprecated(best.mcp, evidence, sse=best.sse))
        found += [dataclasses.replace(one, link=Link.NETWORK) for one in seen_too if one is not None]
    return found


def _not_through(best: WebServerAnswer) -> str | None:
    """Why the server does not reach Blender; None where it does, or was not asked."""
    if best.mcp.waits_for == through.CALL:
        return f"it did not answer ({best.fault or 'the call was taken, and no answer came'})"
    return through.why_not(best.mcp)


def _of_headers(context: Context) -> dict[str, EvidenceValue]:
    """What became of the headers that the user configured."""
    connection = context.observed(Connection)
    if connection is None:
        return {}
    used = user_headers(context, Origin.at(connection.address, connection.endpoint.host, context=connection.context))
    return {
        "sent": ", ".join(name for name, _value in used.sent) or None,
        "_unset": ", ".join(used.unset) or None,
        "_unencrypted": used.unencrypted,
    }


def _of_fault(first: HttpAnswer) -> dict[str, EvidenceValue]:
    """What answered, or did not, instead of a web server."""
    program = foreign(first.first_bytes)
    return {
        "_no_http": True,
        "error": first.fault,
        "what": None if "HTTP" in program else program,
        "answer": excerpt(first.first_bytes) if first.first_bytes else "",
        "_silent": first.silent,
    }


def _title(answer: HttpAnswer) -> str:
    """What a page for people is called."""
    match = re.search(rb"<title[^<>]*>([^<]{1,200})</title", answer.body[:65536], re.IGNORECASE)
    return one_line(match[1].decode("utf-8", "replace"), 100) if match else ""
