# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversation with an MCP server over HTTP: real ones on both lines of the SDK, and FAKES (see `web_peers`)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from diagnostics.checks.network import web as web_check
from diagnostics.model import Verdict
from diagnostics.reports import render
from tests.lab import inventory, mcp_server, nginx

from ..peers import Handler, listening, silent
from ..runs import Doctor, closed_port, found, ids, row, said
from ..web_peers import CHALLENGE, INITIALIZED, at, good, mcp, reach, reply, result, site


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


def test_a_stream_that_sends_its_clients_elsewhere(doctor: Doctor) -> None:
    stream = reply(200, b"event: endpoint\ndata: http://evil.example/x\n\n", "text/event-stream")
    with listening(site({"GET /sse": stream})) as peer:
        report = reach(doctor, peer.port, kind="mcp-sse")
        assert report.did.connected == (f"127.0.0.1:{peer.port}",)
    assert report.root_cause == "network.http-not-mcp"


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


@pytest.mark.lab
@pytest.mark.parametrize("offers", [["2026-07-28"], ["2025-11-25", "2026-07-28"]])
def test_a_real_server_is_asked_in_the_newer_way_only_when_that_is_wanted(
    doctor: Doctor, streamable: int, offers: list[str]
) -> None:
    report = reach(doctor, streamable, offers=offers)
    (told,) = reach(doctor, streamable).servers
    assert (told.offered, told.negotiated, told.supported) == (("2025-11-25",), "2025-11-25", ())
    assert [method for method, _taken in told.steps] == ["initialize", "tools/list"]
    assert (told.tools, told.transport) == (("add", "describe"), "Streamable HTTP")
    if report.servers and report.servers[0].supported:  # the newer line of the SDK
        (told,) = report.servers
        assert (report.verdict, told.negotiated, told.supported) == (Verdict.PASS, "2026-07-28", ("2026-07-28",))
        assert [method for method, _taken in told.steps] == ["server/discover", "tools/list"]
    elif "2025-11-25" in offers:
        (told,) = report.servers
        assert (report.verdict, told.negotiated) == (Verdict.PASS, "2025-11-25")
        assert told.offered == ("2026-07-28", "2025-11-25")
    else:
        assert report.root_cause == "server.protocol-unsupported"
    assert (told.tools, told.transport) == (("add", "describe"), "Streamable HTTP")


def modern(asked: dict[str, Any]) -> bytes:
    """A FAKE that knows the newer way alone."""
    if asked["method"] == "server/discover":
        return result(asked, {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}, "logging": {}}})
    if asked["method"] == "tools/list":
        return result(asked, {"tools": [{"name": "one", "inputSchema": {}}]})
    data = {"supported": ["2026-07-28"], "requested": "2025-11-25"}
    error = {"code": -32022, "message": "Unsupported protocol version", "data": data}
    answer = {"jsonrpc": "2.0", "id": asked.get("id"), "error": error}
    return reply(400, json.dumps(answer).encode(), "application/json")


def test_a_server_of_the_newer_way_alone_says_what_an_app_would_need(doctor: Doctor) -> None:
    report = at(doctor, mcp(modern))
    told = found(report, "server.protocol-unsupported")
    assert (told.evidence["offered"], told.evidence["supported"]) == (("2025-11-25",), ("2026-07-28",))
    assert "--offer 2026-07-28" in [remedy.text for remedy in told.remedies]
    heads: list[bytes] = []
    report = at(doctor, mcp(modern, heads), offers=["2026-07-28", "2025-11-25"])
    assert (report.verdict, report.servers[0].deprecated) == (Verdict.PASS, ("logging",))
    for header in (b"mcp-protocol-version: 2026-07-28", b"mcp-method: server/discover", b"mcp-method: tools/list"):
        assert header in b"".join(heads).lower()


def sessions(lost: int) -> Handler:
    """A FAKE that has forgotten its first sessions when the tools are asked for."""
    begun: list[str] = []

    def answer(asked: dict[str, Any]) -> bytes:
        if asked["method"] == "initialize":
            begun.append("x")
            return result(asked, INITIALIZED).replace(b"\r\n", f"\r\nMcp-Session-Id: s{len(begun)}\r\n".encode(), 1)
        if asked["method"] == "tools/list" and len(begun) <= lost:
            body = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Session not found"}}
            return reply(404, json.dumps(body).encode(), "application/json")
        return good(asked)

    return mcp(answer)


def test_a_session_that_the_server_has_ended_is_begun_again_once(doctor: Doctor) -> None:
    assert at(doctor, sessions(lost=1)).verdict is Verdict.PASS
    report = at(doctor, sessions(lost=2))
    assert report.root_cause == "network.http-not-mcp"
    assert "tools/list got status 404" in said(found(report, "network.http-not-mcp"))


def guarded(wanted: str, heads: list[str]) -> Handler:
    """A FAKE that lets in who sends this line, and keeps the heads of all requests."""

    def handler(connection: socket.socket) -> None:
        data = b""
        while (more := connection.recv(65536)) and b"\r\n\r\n" not in (data := data + more):
            pass
        head, _gap, body = data.partition(b"\r\n\r\n")
        heads.append(head.decode() + "\r\n")
        if f"\r\n{wanted}\r\n" not in heads[-1]:
            connection.sendall(reply(401, b"", "text/plain", f"WWW-Authenticate: {CHALLENGE}"))
            return
        connection.sendall(good(json.loads(body)) if body else reply(404))

    return handler


@pytest.mark.parametrize("set_to", ["Bearer k3y-of-mine", " Bearer k3y-of-mine\n"])
def test_a_header_that_the_user_named_is_sent_to_the_server_alone_and_shown_to_nobody(
    doctor: Doctor, set_to: str
) -> None:
    doctor.environ["MY_TOKEN"] = set_to
    heads: list[str] = []
    report = at(doctor, guarded("Authorization: Bearer k3y-of-mine", heads), headers=["Authorization=MY_TOKEN"])
    assert report.verdict is Verdict.PASS
    assert {"k3y-of-mine" in head for head in heads if head.startswith("GET /")} == {False}
    assert "k3y-of-mine" not in render(report, "json") + render(report, "text", verbose=True)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "the variable MY_TOKEN is not set"),
        ("a\r\nInjected: x", "the variable MY_TOKEN is not set"),
        ("Bearer wrong", "sent the header Authorization that you named, and it was not enough"),
    ],
)
def test_a_header_that_does_not_help_is_explained(doctor: Doctor, value: str | None, words: str) -> None:
    if value is not None:
        doctor.environ["MY_TOKEN"] = value
    heads: list[str] = []
    report = at(doctor, guarded("Authorization: Bearer k3y-of-mine", heads), headers=["Authorization=MY_TOKEN"])
    assert report.root_cause == "network.http-auth"
    assert words in said(found(report, "network.http-auth"))
    assert "Injected" not in "".join(heads)


@pytest.mark.parametrize("value", [None, "a\nb"])
def test_a_header_that_is_not_sent_is_said_where_nobody_refuses(doctor: Doctor, value: str | None) -> None:
    if value is not None:
        doctor.environ["MY_TOKEN"] = value
    report = at(doctor, mcp(good), headers=["Authorization=MY_TOKEN"])
    assert report.verdict is Verdict.PASS
    assert "the variable MY_TOKEN is not set" in render(report, "text")


def test_a_header_that_is_sent_needs_no_words(doctor: Doctor) -> None:
    doctor.environ["MY_TOKEN"] = "x1"
    assert "was not sent" not in render(at(doctor, mcp(good), headers=["Authorization=MY_TOKEN"]), "text")


@pytest.mark.parametrize("declared", [True, False])
def test_a_server_without_a_single_tool(doctor: Doctor, *, declared: bool) -> None:
    def answer(asked: dict[str, Any]) -> bytes:
        if asked["method"] == "initialize":
            return result(asked, INITIALIZED | {"capabilities": {"tools": {}} if declared else {"prompts": {}}})
        return result(asked, {"tools": []}) if asked["method"] == "tools/list" else good(asked)

    report = at(doctor, mcp(answer))
    assert (ids(report), report.verdict) == (["server.no-tools"], Verdict.WARN)
    assert ("empty list" in report.findings[0].detail) is declared
    assert report.findings[0].link == "network"


STATUS = {"blender_version": "4.3.2", "addon_version": [1, 8], "protocol_version": 15}


def blender_server(status: str) -> Handler:
    """A FAKE of MCP for Blender's server, whose tool answers with this text."""

    def answer(asked: dict[str, Any]) -> bytes:
        match asked["method"]:
            case "initialize":
                return result(asked, INITIALIZED | {"serverInfo": {"name": "MCP for Blender", "version": "1.30.0"}})
            case "tools/list":
                return result(
                    asked,
                    {
                        "tools": [
                            {"name": "execute_blender_code", "inputSchema": {}},
                            {"name": "get_addon_status", "inputSchema": {}},
                        ]
                    },
                )
            case "tools/call":
                assert asked["params"]["name"] == "get_addon_status"
                return result(asked, {"content": [{"type": "text", "text": status}]})
            case _:
                return reply(202)

    return mcp(answer)


def test_a_server_of_a_known_product_is_asked_which_blender_it_reaches(doctor: Doctor) -> None:
    report = at(doctor, blender_server(json.dumps(STATUS) + "\n\nAnd some advice."))
    assert report.verdict is Verdict.PASS
    assert row(report, "network").summary.endswith("2 tools · reaches Blender 4.3.2")
    assert report.servers[0].reached == "Blender 4.3.2 · add-on 1.8 · protocol 15"


def test_a_server_that_does_not_reach_blender_is_not_well(doctor: Doctor) -> None:
    words = "Error checking addon status: Could not connect to Blender. Make sure the Blender addon is running."
    report = at(doctor, blender_server(words))
    assert report.root_cause == "network.http-unhealthy"
    assert words in said(found(report, "network.http-unhealthy"))


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (reply(401, b"", "text/plain", f"WWW-Authenticate: {CHALLENGE}"), "network.http-auth"),
        (reply(404), "network.http-wrong-path"),
        (reply(502), "network.http-bad-gateway"),
        (reply(302, b"", "text/plain", "Location: http://elsewhere.example/"), "network.http-redirect"),
    ],
)
@pytest.mark.parametrize("offers", [["2026-07-28"], ["2026-07-28", "2025-11-25"]])
def test_a_fault_of_the_web_server_is_none_of_the_version(
    doctor: Doctor, answer: bytes, cause: str, offers: list[str]
) -> None:
    assert at(doctor, site({}, answer), offers=offers).root_cause == cause


def test_a_failure_of_its_own_is_none_of_the_version(doctor: Doctor) -> None:
    def answer(asked: dict[str, Any]) -> bytes:
        if asked["method"] == "server/discover":
            return result(asked, {"supportedVersions": ["2025-11-25"], "capabilities": {}})
        error = {"code": -32603, "message": "database is down"}
        return reply(
            200, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode(), "application/json"
        )

    report = at(doctor, mcp(answer), offers=["2026-07-28", "2025-11-25"])
    assert report.root_cause == "network.http-not-mcp"
    assert "database is down" in said(found(report, "network.http-not-mcp"))


def test_a_server_that_leaves_the_newer_question_open_is_asked_in_the_older_way(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_check, "ANSWER_S", 2.0)
    answers = mcp(good)

    def handler(connection: socket.socket) -> None:
        head = connection.recv(65536, socket.MSG_PEEK)
        if b"server/discover" in head.lower():
            connection.recv(65536)
            connection.recv(1)  # until the other side gives it up
        else:
            answers(connection)

    report = at(doctor, handler, offers=["2026-07-28", "2025-11-25"])
    assert (report.verdict, report.servers[0].negotiated) == (Verdict.PASS, "2025-11-25")


def test_what_apps_refuse_is_no_pass(doctor: Doctor) -> None:
    report = at(doctor, mcp(lambda asked: result(asked, {"protocolVersion": "2025-11-25", "capabilities": {}})))
    assert report.root_cause == "network.http-not-mcp"
    assert "serverInfo is missing" in said(found(report, "network.http-not-mcp"))


def test_a_version_that_is_expected_is_offered(doctor: Doctor) -> None:
    assert at(doctor, mcp(modern), expect_protocol=["2026-07-28"]).verdict is Verdict.PASS


def test_what_names_a_session_is_shown_nowhere(doctor: Doctor) -> None:
    secret = "9f8e7d6c5b4a39281706"

    def answer(asked: dict[str, Any]) -> bytes:
        if asked["method"] == "initialize":
            return result(asked, INITIALIZED).replace(b"\r\n", f"\r\nMcp-Session-Id: {secret}\r\n".encode(), 1)
        if asked["method"] == "tools/list":
            error = {"code": -32000, "message": f"Session {secret} is not ready"}
            body = {"jsonrpc": "2.0", "id": asked["id"], "error": error}
            return reply(200, json.dumps(body).encode(), "application/json")
        return reply(202)

    report = at(doctor, mcp(answer))
    assert report.root_cause == "network.http-not-mcp"
    assert secret not in render(report, "json") + render(report, "text", verbose=True)


@pytest.mark.parametrize(
    ("value", "echoed"),
    [
        ("Bearer a/b+c-secret-word", "Bearer%20a%2Fb%2Bc-secret-word"),
        ("sid=k3y-of-mine; theme=dark", "k3y-of-mine"),
        ("Basic dXNlcjpwYXNzLXdvcmQtb2YtbWluZQ==", "pass-word-of-mine"),
    ],
)
def test_a_header_is_hidden_in_every_form(doctor: Doctor, value: str, echoed: str) -> None:
    doctor.environ["MY_TOKEN"] = value

    def answer(asked: dict[str, Any]) -> bytes:
        error = {"code": -32000, "message": f"{echoed} is not known here"}
        return reply(
            200, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode(), "application/json"
        )

    report = at(doctor, mcp(answer), headers=["Authorization=MY_TOKEN"])
    assert echoed not in render(report, "json") + render(report, "text", verbose=True)
