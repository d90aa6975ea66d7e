# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cases are set up that are about what answers at a port."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator

from ..model import Kind, Target
from . import addons, peers, web
from .addons import PONG, info_with_version, mcp_for_blender
from .peers import Handler, answers, breaks_off, endless, greets, listening
from .room import Room, Setup, of_endpoint

_MANY = 10**6
_VERSIONS: dict[str, object] = {
    "null": None,
    "true": True,
    "text": "15",
    "14": 14,
    "negative": -1,
    "huge": 1e308,
    "list": [],
}


def _at(handler: Handler, kind: Kind = Kind.AUTO, *, tls: bool = False, pinned: int | None = None) -> Setup:
    """A case with this peer."""

    @contextlib.asynccontextmanager
    async def setup(_room: Room) -> AsyncIterator[Target]:
        async with listening(handler) as port:
            yield of_endpoint(port, kind, tls=tls, pinned=pinned)

    return setup


_WELL_KNOWN = json.dumps({"status": "success", "result": dict(addons.INFO)}, ensure_ascii=False)
_IN_UMLAUTS = _WELL_KNOWN.replace("MCP for Blender", "Möbel 🪑").encode()

ADDONS: dict[str, Setup] = {
    "addon-1.8": _at(mcp_for_blender()),
    "addon-1.2": _at(mcp_for_blender("1.2")),
    "addon-0.1": _at(mcp_for_blender("0.1")),
    "addon-lab": _at(addons.blender_lab),
    "addon-line": _at(addons.a_line_each),
    "addon-length": _at(addons.length_first),
    "addon-version-missing": _at(mcp_for_blender(info=addons.info_without("protocol_version"))),
    **{
        f"addon-version-{name}": _at(mcp_for_blender(info=info_with_version(value)))
        for name, value in _VERSIONS.items()
    },
    "addon-version-16": _at(mcp_for_blender(info=info_with_version(16)), pinned=15),
    "addon-packets": _at(mcp_for_blender(packet=1)),
    "addon-busy": _at(answers(PONG)),
    "addon-split-utf-8": _at(peers.taking_turns((PONG, _IN_UMLAUTS), cut=_IN_UMLAUTS.index(b"\xf0") + 1)),
    "addon-two-replies": _at(mcp_for_blender(after_pong=PONG)),
    "addon-trailing-garbage": _at(mcp_for_blender(after_pong=b"}}garbage")),
    "addon-invalid-utf-8": _at(answers(b'{"status": "\xff\xfe"}')),
    "addon-breaks-off": _at(breaks_off(PONG[:20])),
}
"""Add-ons of the products, and what comes near one."""

PEERS: dict[str, Setup] = {
    "silent": _at(peers.silent),
    "closes": _at(peers.closes),
    "resets": _at(peers.resets),
    "drips": _at(endless(b"x", gap_s=0.1)),
    "endless-bytes": _at(endless(b"\x01" * peers.MOST)),
    "endless-string": _at(endless(b"x" * peers.MOST, b'{"status": "')),
    "deep": _at(answers(lambda: b"[" * _MANY)),
    "many-keys": _at(answers(lambda: b"{" + b'"k":1,' * _MANY + b'"k":1}')),
    "escapes": _at(answers("\x1b]52;c;ZXZpbA==\x07\u202egnp.exe\x9b31m\u2066".encode())),
    "http": _at(greets(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")),
    "http-many-headers": _at(answers(lambda: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10**5)),
    "http-huge-header": _at(answers(lambda: b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2**20)),
    "tls": _at(peers.tls_only),
    "tls-without-a-word": _at(peers.tls_only_without_a_word),
    "plain-behind-tls": _at(mcp_for_blender(), tls=True),
    "ssh": _at(greets(b"SSH-2.0-OpenSSH_9.6\r\n")),
    "smtp": _at(greets(b"220 mail.example ESMTP\r\n")),
    "echo": _at(peers.echoes),
}
"""Programs that are no bridge to Blender."""

_JSON, _EVENTS = "application/json", "text/event-stream"
WEB: dict[str, Setup] = {
    name: _at(handler, Kind.MCP_HTTP)
    for name, handler in {
        "web-healthy": web.mcp(web.healthy),
        "web-another-id": web.mcp(web.another_id),
        "web-result-and-error": web.mcp(web.result_and_error),
        "web-version-missing": web.mcp(web.without_version),
        "web-version-null": web.mcp(web.with_version(None)),
        "web-version-number": web.mcp(web.with_version(20251125)),
        "web-version-unknown": web.mcp(web.with_version("1999-01-01")),
        "web-gzip-bomb": web.mcp(web.bomb),
        "web-silent": peers.silent,
        "web-silent-events": web.streams(_EVENTS, b": x\n"),
        "web-endless-chunks": web.streams(_JSON, b"1\r\n \r\n", chunked=True),
        "web-endless-body": web.streams(_JSON, b" " * peers.MOST, 0.0),
        "web-many-headers": answers(lambda: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10**5),
        "web-huge-header": answers(lambda: b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2**20),
        "web-redirect-file": web.redirects("file:///etc/passwd"),
        "web-redirect-link-local": web.redirects("http://169.254.169.254/latest"),
        "web-redirect-loop": web.redirects("/mcp"),
        "web-page": web.site(web.reply(200, b"<!doctype html><title>My Studio</title>", "text/html")),
        "web-login": web.site(web.reply(401)),
        "web-gateway": web.site(web.reply(502)),
        "web-addon": mcp_for_blender(),
    }.items()
}
"""MCP servers over HTTP, and what comes near one."""
