# SPDX-License-Identifier: GPL-3.0-or-later
"""What is no MCP server over HTTP, and web servers that misbehave: a real nginx, and FAKES (see `web_peers`)."""

from __future__ import annotations

import gzip
import json
import socket
from pathlib import Path

import pytest

from diagnostics.checks.network import health
from diagnostics.checks.network import web as web_check
from diagnostics.model import Verdict
from diagnostics.probes.http import HttpAnswer
from tests.lab import nginx

from ..peers import Handler, addon, answers, closes, greets, listening, silent
from ..runs import Doctor, closed_port, found, ids, said
from ..web_peers import CHALLENGE, HTML, at, good, mcp, reach, reply, site


@pytest.mark.lab
@pytest.mark.parametrize(
    ("server", "cause", "words"),
    [
        ("location / { return 302 http://169.254.169.254/latest; }", "http-redirect", "169.254.169.254"),
        (
            f"location / {{ add_header WWW-Authenticate '{CHALLENGE}' always; return 401; }}",
            "http-auth",
            "https://a.example/x",
        ),
        ("location / { return 403; }", "http-auth", "forbidden"),
        ("location / { return 200 '<title>My Studio</title>'; default_type text/html; }", "http-not-mcp", "My Studio"),
        ("location / { return 404; }", "http-wrong-path", "/mcp"),
        ("location / { return 500; }", "http-unhealthy", "500"),
        ("location /health { return 503 'starting'; }", "http-unhealthy", "starting"),
        (
            'location /status { default_type application/json; return 200 \'{"status":"down"}\'; }',
            "http-unhealthy",
            "down",
        ),
    ],
)
def test_a_real_nginx(doctor: Doctor, tmp_path: Path, server: str, cause: str, words: str) -> None:
    with nginx.serving(tmp_path, closed_port(), server) as port:
        report = reach(doctor, port)
    assert f"network.{cause}" in ids(report)
    assert words in said(found(report, f"network.{cause}"))


@pytest.mark.lab
@pytest.mark.parametrize("kind", ["mcp-http", "auto"])
def test_a_real_nginx_before_nobody(doctor: Doctor, tmp_path: Path, kind: str) -> None:
    proxy = f"location / {{ proxy_pass http://127.0.0.1:{closed_port()}; }}"
    with nginx.serving(tmp_path, closed_port(), proxy) as port:
        report = reach(doctor, port, kind=kind)
    assert report.root_cause == "network.http-bad-gateway"
    assert "addon.not-a-bridge" not in ids(report)
    assert found(report, "network.http-bad-gateway").evidence["status"] == 502


@pytest.mark.lab
def test_a_site_where_an_addon_was_expected(doctor: Doctor, tmp_path: Path) -> None:
    with nginx.serving(tmp_path, closed_port(), "location / { return 404; }") as port:
        report = reach(doctor, port, kind="auto")
    assert "addon.not-a-bridge" in ids(report)
    assert not [cause for cause in ids(report) if "http" in cause]


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (silent, "does not answer a request for a web page"),
        (closes, "ended the connection without an answer"),
        (greets(b"SSH-2.0-x\r\n"), "an SSH server"),
        (addon(), "does not answer a request for a web page"),
        (answers(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10**5), "headers do not end"),
        (answers(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2**20), "headers do not end"),
        (
            site({}, reply(200, gzip.compress(bytes(64 << 20)), "application/json", "Content-Encoding: gzip")),
            "application/json",
        ),
        (site({}, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100), "too early"),
        (site({}, reply(200, b"[" * 10**5, "application/json")), "application/json"),
        (site({}, reply(200, b'{"jsonrpc":"2.0","id":99,"result":{}}', "application/json")), "application/json"),
        (site({}, reply(200, b"data: never mind\n\n", "text/event-stream")), "text/event-stream"),
        (site({}, reply(200, HTML, "text/html")), "My Studio"),
    ],
)
def test_what_is_no_mcp_server(doctor: Doctor, handler: Handler, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_check, "ANSWER_S", 0.5)
    monkeypatch.setattr(web_check, "_PAGE_S", 0.5)
    report = at(doctor, handler)
    assert report.root_cause == "network.http-not-mcp"
    assert words in said(report.findings[0])


@pytest.mark.parametrize("where", ["file:///etc/passwd", "http://169.254.169.254/", "/mcp", "\x1b[31m//evil"])
def test_a_redirect_is_shown_and_not_followed(doctor: Doctor, where: str) -> None:
    with listening(site({}, reply(307, b"", "text/plain", f"Location: {where}"))) as peer:
        report = reach(doctor, peer.port)
        assert report.did.connected == (f"127.0.0.1:{peer.port}",)
    assert report.root_cause == "network.http-redirect"
    assert "\x1b" not in said(report.findings[0])


def test_nothing_listens_for_a_server(doctor: Doctor) -> None:
    report = reach(doctor, closed_port())
    assert report.root_cause == "network.refused"
    assert "the MCP server is not running" in report.findings[0].detail
    assert "add-on" not in said(report.findings[0])


def test_a_secret_in_the_path_is_not_shown(doctor: Doctor) -> None:
    report = at(doctor, site({}), path="/mcp?key=hunter2")
    assert report.root_cause == "network.http-wrong-path"
    assert "hunter2" not in repr(report)


@pytest.mark.parametrize(
    ("status", "kind", "body", "healthy"),
    [
        (200, "application/json", b'{"status": "ok"}', True),
        (200, "application/json", b'{"status": "UP", "x": 1}', True),
        (200, "application/json", b'{"healthy": true}', True),
        (200, "application/health+json", b'{"status": "warn"}', True),
        (200, "text/plain", b"OK\n", True),
        (204, "", b"", True),
        (200, "text/plain", b"", True),
        (200, "application/json", b'{"status": "down"}', False),
        (200, "application/json", b'{"ok": false}', False),
        (200, "text/plain", b"unhealthy: no Blender", False),
        (503, "text/plain", b"starting", False),
        (500, "application/json", b'{"status": "error"}', False),
        (500, "text/html", b"<h1>", None),
        (200, "application/json", b'{"version": 3}', None),
        (200, "application/json", b'{"error": "not found"}', None),
        (200, "application/json", b'{"status": {"a": 1}}', None),
        (200, "application/json", b"[1]", None),
        (200, "application/json", b'{"status": ', None),
        (200, "text/html", HTML, None),
        (200, "text/plain", b"Welcome to my page", None),
        (404, "text/plain", b"ok", None),
        (401, "application/json", b'{"status": "ok"}', None),
        (302, "text/plain", b"ok", None),
    ],
)
def test_what_counts_as_healthy(status: int, kind: str, body: bytes, healthy: bool | None) -> None:
    assert health.judge(HttpAnswer("GET", "/health", status, {}, kind, body))[0] is healthy


@pytest.mark.parametrize(
    "where", ["/login?sig=hunter2", "//joe:hunter2@other.example/", "https://j:hunter2@a.example/?k=hunter2"]
)
def test_secrets_in_where_it_sends_are_not_shown(doctor: Doctor, where: str) -> None:
    report = at(doctor, site({}, reply(302, b"", "text/plain", f"Location: {where}")))
    assert report.root_cause == "network.http-redirect"
    assert "hunter2" not in repr(report)


def test_a_path_with_a_key_is_not_echoed(doctor: Doctor) -> None:
    report = at(doctor, site({}, reply(404, b"nothing at /mcp?key=hunter2")), path="/mcp?key=hunter2")
    assert "hunter2" not in repr(report)


def test_a_redirect_to_the_same_place_with_a_slash(doctor: Doctor) -> None:
    def handler(connection: socket.socket) -> None:
        head, _gap, body = connection.recv(65536).partition(b"\r\n\r\n")
        if head.startswith(b"POST /mcp/ "):
            connection.sendall(good(json.loads(body)))
        else:
            connection.sendall(reply(307, b"", "text/plain", "Location: /mcp/") if b"/mcp " in head else reply(404))

    assert at(doctor, handler).verdict is Verdict.PASS


def test_a_host_in_other_letters(doctor: Doctor) -> None:
    # The full-width letter is the plain one for name services (IDNA 2003).
    with listening(mcp(good)) as peer:
        report = doctor.run(host="ｌocalhost", port=peer.port, kind="mcp-http", only=["network"])
    assert report.verdict is Verdict.PASS
