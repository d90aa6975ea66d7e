# SPDX-License-Identifier: GPL-3.0-or-later
"""MCP servers over HTTP: real ones on both lines of the SDK, a real nginx before them, and web servers that misbehave.

The last are FAKES: a listener that says fixed bytes.
"""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from diagnostics.checks.network import health
from diagnostics.checks.network import web as web_check
from diagnostics.model import Report, Verdict
from diagnostics.probes.http import HttpAnswer
from tests.lab import inventory, mcp_server, nginx

from ..peers import Handler, addon, answers, closes, greets, listening, silent
from ..runs import Doctor, closed_port, found, ids, row, said

CHALLENGE = 'Bearer resource_metadata="https://a.example/x"'
HTML = b"<!doctype html><title>My Studio</title>hello"
INITIALIZED = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "Fake", "version": "1"},
}


def reply(status: int | str, body: bytes = b"", kind: str = "text/plain", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def site(pages: dict[str, bytes], other: bytes | None = None) -> Handler:
    """A web server that knows fixed pages, by "GET /health" or the like."""

    def handler(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(65536)
            if not data:
                return
            head += data
        asked = b" ".join(head.split(b" ", 2)[:2]).decode()
        connection.sendall(pages.get(asked, other or reply(404)))

    return handler


def mcp(answer: Callable[[dict[str, Any]], bytes]) -> Handler:
    """An MCP server at /mcp that answers each message with these bytes."""

    def handler(connection: socket.socket) -> None:
        data = b""
        while (more := connection.recv(65536)) and b"\r\n\r\n" not in (data := data + more):
            pass
        head, _gap, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"POST /mcp"):
            connection.sendall(reply(404))
            return
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65536)
        connection.sendall(answer(json.loads(body)))

    return handler


def result(asked: dict[str, Any], value: object) -> bytes:
    return reply(
        200, json.dumps({"jsonrpc": "2.0", "id": asked.get("id"), "result": value}).encode(), "application/json"
    )


def good(asked: dict[str, Any]) -> bytes:
    match asked["method"]:
        case "initialize":
            return result(asked, INITIALIZED)
        case "tools/list":
            return result(asked, {"tools": [{"name": "one"}]})
        case _:
            return reply(202)


def reach(doctor: Doctor, port: int, **target: Any) -> Report:
    return doctor.reach(port, "network", "addon", **{"kind": "mcp-http", **target})


def at(doctor: Doctor, handler: Handler, **target: Any) -> Report:
    with listening(handler) as peer:
        return reach(doctor, peer.port, **target)


@pytest.fixture(scope="module", params=inventory.SDKS)
def streamable(request: pytest.FixtureRequest) -> Iterator[int]:
    with mcp_server.serving(request.param, "streamable-http", closed_port()) as port:
        yield port


@pytest.fixture(scope="module", params=inventory.SDKS)
def sse(request: pytest.FixtureRequest) -> Iterator[int]:
    with mcp_server.serving(request.param, "sse", closed_port()) as port:
        yield port


@pytest.mark.lab
@pytest.mark.parametrize("target", [{}, {"kind": "auto"}, {"path": "/mcp"}])
def test_a_real_server_over_streamable_http(doctor: Doctor, streamable: int, target: dict[str, str]) -> None:
    report = reach(doctor, streamable, **target)
    assert (report.verdict, report.findings) == (Verdict.PASS, ())
    assert row(report, "network").summary == "Laboratory over HTTP · MCP 2025-11-25 · 2 tools"
    assert row(report, "addon").verdict is Verdict.SKIPPED


@pytest.mark.lab
@pytest.mark.parametrize("kind", ["auto", "mcp-sse"])
def test_a_real_server_over_sse(doctor: Doctor, sse: int, kind: str) -> None:
    report = reach(doctor, sse, kind=kind)
    assert (report.verdict, ids(report)) == (Verdict.WARN, ["server.protocol-deprecated"])
    assert "HTTP+SSE" in report.findings[0].detail
    assert row(report, "network").verdict is Verdict.WARN
    assert row(report, "network").summary == "Laboratory over HTTP · MCP 2025-11-25 · 2 tools"


@pytest.mark.lab
def test_a_real_server_at_another_path(doctor: Doctor, streamable: int) -> None:
    report = reach(doctor, streamable, path="/nowhere")
    assert report.root_cause == "network.http-wrong-path"
    evidence = found(report, "network.http-wrong-path").evidence
    assert (evidence["status"], evidence["found_path"], evidence["found_kind"]) == (404, "/mcp", "mcp-http")


@pytest.mark.lab
def test_a_real_server_of_the_older_transport_asked_in_the_newer_way(doctor: Doctor, sse: int) -> None:
    report = reach(doctor, sse)
    assert report.root_cause == "network.http-wrong-path"
    assert found(report, "network.http-wrong-path").evidence["found_kind"] == "mcp-sse"


@pytest.mark.lab
def test_a_real_server_that_does_not_know_the_host_name(doctor: Doctor, streamable: int, tmp_path: Path) -> None:
    # The proxy hands on a name that the server was not told of, as one with a domain of its own does.
    proxy = f"location / {{ proxy_pass http://127.0.0.1:{streamable}; proxy_set_header Host studio.example; }}"
    with nginx.serving(tmp_path, closed_port(), proxy) as port:
        report = reach(doctor, port)
    assert report.root_cause == "network.http-not-mcp"
    assert "does not serve the host name" in found(report, "network.http-not-mcp").detail


@pytest.mark.lab
def test_a_real_server_behind_a_real_proxy_with_tls(doctor: Doctor, streamable: int, tmp_path: Path) -> None:
    ca, pem, trusted = trustme.CA(), tmp_path / "server.pem", tmp_path / "ca.pem"
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    ca.cert_pem.write_to_path(trusted)
    proxy = f"ssl_certificate {pem}; ssl_certificate_key {pem};"
    proxy += f"location / {{ proxy_pass http://127.0.0.1:{streamable}; proxy_set_header Host 127.0.0.1:{streamable}; }}"
    with nginx.serving(tmp_path, closed_port(), proxy, tls="ssl") as port:
        report = reach(doctor, port, tls=True, ca_file=trusted)
        unsecured = reach(doctor, port)
    assert (report.verdict, report.findings) == (Verdict.PASS, ())
    assert unsecured.root_cause == "network.tls-unexpected"


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


def test_a_good_server(doctor: Doctor) -> None:
    report = at(doctor, mcp(good))
    assert (report.verdict, report.findings) == (Verdict.PASS, ())
    assert row(report, "network").summary == "Fake over HTTP · MCP 2025-11-25 · 1 tool"


def test_a_server_of_another_generation(doctor: Doctor) -> None:
    error = {"code": -32022, "message": "no", "data": {"supported": ["2026-07-28"], "requested": "2025-11-25"}}

    def refuse(asked: dict[str, Any]) -> bytes:
        body = json.dumps({"jsonrpc": "2.0", "id": asked.get("id"), "error": error}).encode()
        return reply(400, body, "application/json")

    report = at(doctor, mcp(refuse))
    assert report.root_cause == "server.protocol-unsupported"
    assert "2026-07-28" in found(report, "server.protocol-unsupported").detail
    assert row(report, "network").verdict is Verdict.FAIL


def test_a_version_that_nobody_offered(doctor: Doctor) -> None:
    report = at(doctor, mcp(lambda asked: result(asked, {**INITIALIZED, "protocolVersion": "1999-01-01"})))
    assert report.root_cause == "server.protocol-unsupported"


def test_a_server_that_loses_its_tools(doctor: Doctor) -> None:
    report = at(doctor, mcp(lambda asked: reply(400) if asked["method"] == "tools/list" else good(asked)))
    assert report.root_cause == "network.http-not-mcp"
    assert "tools/list got status 400" in said(report.findings[0])


def test_a_session_is_kept_and_ended(doctor: Doctor) -> None:
    sessions: list[str] = []

    def handler(connection: socket.socket) -> None:
        data = connection.recv(65536)
        head, _gap, body = data.partition(b"\r\n\r\n")
        if not head.startswith((b"POST /mcp", b"DELETE /mcp")):
            connection.sendall(reply(404))
            return
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        sessions.append(
            f"{head.split()[0].decode()} {fields.get('Mcp-Session-Id')} {fields.get('MCP-Protocol-Version')}"
        )
        said = good(json.loads(body)) if body else reply(200)
        connection.sendall(said.replace(b"\r\n\r\n", b"\r\nMcp-Session-Id: abc\r\n\r\n", 1))

    assert at(doctor, handler).verdict is Verdict.PASS
    version = "2025-11-25"
    assert sessions == ["POST None None", f"POST abc {version}", f"POST abc {version}", f"DELETE abc {version}"]


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


def test_a_stream_that_sends_its_clients_elsewhere(doctor: Doctor) -> None:
    stream = reply(200, b"event: endpoint\ndata: http://evil.example/x\n\n", "text/event-stream")
    with listening(site({"GET /sse": stream})) as peer:
        report = reach(doctor, peer.port, kind="mcp-sse")
        assert report.did.connected == (f"127.0.0.1:{peer.port}",)
    assert report.root_cause == "network.http-not-mcp"


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


def test_a_server_that_never_takes_the_greeting_does_not_work(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_check, "ANSWER_S", 0.5)

    def handler(connection: socket.socket) -> None:
        head, _gap, body = connection.recv(65536).partition(b"\r\n\r\n")
        if not head.startswith(b"POST"):
            connection.sendall(reply(404))
        elif json.loads(body)["method"] == "initialize":
            connection.sendall(result(json.loads(body), {**INITIALIZED, "capabilities": {}}))
        else:
            silent(connection)

    report = at(doctor, handler)
    assert report.root_cause == "network.http-not-mcp"
    assert "no whole answer within" in report.findings[0].detail
    assert report.layers[-1].verdict is Verdict.FAIL


def test_a_login_that_is_wanted_in_json_rpc(doctor: Doctor) -> None:
    body = b'{"jsonrpc":"2.0","error":{"code":-32001,"message":"Unauthorized"},"id":null}'
    answer = reply(401, body, "application/json", 'WWW-Authenticate: Digest realm="Studio", nonce="secret1"')
    report = at(doctor, site({}, answer))
    assert report.root_cause == "network.http-auth"
    assert "Digest for “Studio”" in said(report.findings[0])
    assert "secret1" not in repr(report)


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


def test_a_body_in_crumbs_is_given_up(doctor: Doctor) -> None:
    def crumbs(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall((b"1;" + b"x" * 900 + b"\r\nx\r\n") * 100)

    report = at(doctor, crumbs)
    assert report.root_cause == "network.http-not-mcp"
    assert "much more than its answer holds" in said(report.findings[0])


def test_a_pinned_version_of_mcp_over_http(doctor: Doctor) -> None:
    report = at(doctor, mcp(good), expect_protocol=["2025-06-18"])
    assert report.root_cause == "server.protocol-pin-mismatch"
    assert at(doctor, mcp(good), expect_protocol=["2025-11-25"]).verdict is Verdict.PASS
