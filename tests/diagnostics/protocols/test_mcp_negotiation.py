# SPDX-License-Identifier: GPL-3.0-or-later
"""Agreeing on a version of MCP, in both eras, and what is said in the newer one."""

from __future__ import annotations

import itertools

import pytest

from diagnostics.protocols.jsonrpc import Batch, ErrorResponse, Noise, NoiseKind, Response
from diagnostics.protocols.mcp_answer import Era, McpAnswer
from diagnostics.protocols.mcp_handshake import MAX_TEXT, Handshake
from diagnostics.protocols.mcp_versions import HANDSHAKE, KNOWN, STATELESS, accepted

NEWEST, MODERN = HANDSHAKE[-1], STATELESS[-1]
META = "io.modelcontextprotocol/"
DISCOVERED = {
    "supportedVersions": [MODERN, "2099-01-01"],
    "capabilities": {"tools": {}, "experimental": {"x": {}}, "extensions": {"y": {}}},
    "resultType": "complete",
    "_meta": {META + "serverInfo": {"name": "s", "version": "2"}},
}
NOT_KNOWN = ErrorResponse(1, -32602, "Invalid request parameters")


class Talk:
    """A conversation in which each answer belongs to the request that is open."""

    def __init__(self, *offers: str, calls: dict[str, str] | None = None) -> None:
        self.handshake = Handshake(offers=offers, client_name="c", client_version="9", calls=calls)
        self.sent = [self.handshake.begin()]

    def hears(self, result: object = None, *, code: int = 0, data: object = None) -> McpAnswer:
        open_id = next(message["id"] for message in reversed(self.sent) if "id" in message)
        answer = ErrorResponse(open_id, code, "no", data) if code else Response(open_id, result)
        self.sent += self.handshake.receive(answer)
        return self.handshake.seen()

    @property
    def methods(self) -> list[object]:
        return [message["method"] for message in self.sent]


def initialized(version: str, **more: object) -> dict[str, object]:
    return {"protocolVersion": version, "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}, **more}


def test_only_the_newest_version_with_a_handshake_is_asked_for_by_default() -> None:
    talk = Talk(NEWEST)
    assert talk.methods == ["initialize"]
    seen = talk.hears(initialized(NEWEST))
    assert (seen.era, seen.offered, seen.protocol_version) == (Era.INITIALIZE, (NEWEST,), NEWEST)


def test_the_newest_of_several_is_asked_for() -> None:
    assert Talk("2025-03-26", "2024-11-05").sent[0]["params"]["protocolVersion"] == "2025-03-26"  # type: ignore[index]


def test_a_server_without_handshake() -> None:
    talk = Talk(NEWEST, MODERN)
    assert talk.methods == ["server/discover"]
    seen = talk.hears(DISCOVERED)
    assert (seen.era, seen.protocol_version, seen.supported) == (Era.STATELESS, MODERN, (MODERN, "2099-01-01"))
    assert (seen.server_name, seen.server_version, seen.experimental) == ("s", "2", ("x", "y"))
    assert talk.methods == ["server/discover", "tools/list"]
    assert talk.hears({"tools": [{"name": "a", "inputSchema": {}}]}).tools == ("a",)
    assert talk.handshake.done


def test_every_request_without_handshake_says_who_asks_and_how() -> None:
    talk = Talk(MODERN, calls={"s": "a"})
    talk.hears(DISCOVERED)
    talk.hears({"tools": [{"name": "a", "inputSchema": {}}], "nextCursor": "more"})
    talk.hears({"tools": []})
    assert talk.methods == ["server/discover", "tools/list", "tools/list", "tools/call"]
    for message in talk.sent:
        meta = message["params"]["_meta"]  # type: ignore[index]
        assert meta[META + "protocolVersion"] == MODERN
        assert meta[META + "clientInfo"] == {"name": "c", "version": "9"}
        assert meta[META + "clientCapabilities"] == {}
        headers = dict(talk.handshake.headers(message))
        assert (headers["MCP-Protocol-Version"], headers["Mcp-Method"]) == (MODERN, message["method"])
        assert headers.get("Mcp-Name") == ("a" if message["method"] == "tools/call" else None)


@pytest.mark.parametrize("code", [-32601, -32602, -32001, -32700])
def test_a_server_that_does_not_know_the_question_is_asked_in_the_older_way(code: int) -> None:
    talk = Talk(MODERN, NEWEST)
    talk.hears(code=code)
    assert talk.methods == ["server/discover", "initialize"]
    assert talk.handshake.headers(talk.sent[-1]) == []
    seen = talk.hears(initialized("2025-03-26"))
    assert (seen.era, seen.offered, seen.protocol_version) == (Era.INITIALIZE, (MODERN, NEWEST), "2025-03-26")
    assert seen.error_code is None


@pytest.mark.parametrize("result", [None, {}, {"supportedVersions": "2026-07-28"}, {"supportedVersions": HANDSHAKE}])
def test_an_answer_that_names_no_common_version_is_no_sign_of_the_newer_way(result: object) -> None:
    talk = Talk(MODERN, NEWEST)
    talk.hears(
        result
        if not isinstance(result, dict)
        else {k: list(v) if isinstance(v, tuple) else v for k, v in result.items()}
    )
    assert talk.methods == ["server/discover", "initialize"]


def test_silence_is_no_sign_of_it_either() -> None:
    talk = Talk(MODERN, NEWEST)
    talk.sent += talk.handshake.give_up_discovery()
    assert talk.methods == ["server/discover", "initialize"]
    # A server that took the question as the beginning refuses the handshake now, and says what it speaks.
    talk.hears(code=-32022, data={"supported": [MODERN], "requested": NEWEST})
    assert talk.methods[-1] == "server/discover"
    assert talk.hears(DISCOVERED).era is Era.STATELESS


def test_a_server_that_names_another_version_is_asked_for_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnostics.protocols.mcp_versions.STATELESS", ("2026-07-28", "2027-01-01"))
    talk = Talk("2026-07-28", "2027-01-01", NEWEST)
    talk.hears(code=-32022, data={"supported": ["2026-07-28"], "requested": "2027-01-01"})
    assert talk.methods == ["server/discover", "server/discover"]
    assert talk.handshake.seen().offered == ("2027-01-01", "2026-07-28")
    seen = talk.hears(code=-32022, data={"supported": ["2026-07-28"], "requested": "2026-07-28"})
    assert talk.handshake.done
    assert (seen.answered, seen.error_code, seen.supported) == (False, -32022, ("2026-07-28",))


@pytest.mark.parametrize("data", [{"supported": ["2099-01-01"]}, {"supported": ["2099-01-01"], "requested": MODERN}])
def test_nothing_in_common(data: object) -> None:
    talk = Talk(MODERN, NEWEST)
    seen = talk.hears(code=-32022, data=data)
    assert talk.methods == ["server/discover"]
    assert (seen.answered, seen.error_code, seen.supported) == (False, -32022, ("2099-01-01",))


def test_a_refusal_that_names_an_older_version_leads_to_the_handshake() -> None:
    talk = Talk(MODERN, NEWEST)
    talk.hears(code=-32022, data={"supported": ["2025-06-18"], "requested": MODERN})
    assert talk.methods == ["server/discover", "initialize"]


def test_a_handshake_that_nobody_offered_is_not_tried() -> None:
    talk = Talk(MODERN)
    seen = talk.hears(code=-32602)
    assert talk.methods == ["server/discover"]
    assert (talk.handshake.done, seen.answered, seen.error_code) == (True, False, -32602)
    talk = Talk(MODERN)
    assert talk.handshake.give_up_discovery() == []
    assert talk.handshake.done


def test_the_newer_version_is_not_tried_when_it_is_not_offered() -> None:
    talk = Talk(NEWEST)
    seen = talk.hears(code=-32022, data={"supported": [MODERN], "requested": NEWEST})
    assert talk.methods == ["initialize"]
    assert (talk.handshake.done, seen.supported) == (True, (MODERN,))


@pytest.mark.parametrize(("offers", "fine"), [((NEWEST,), HANDSHAKE), (("2025-03-26",), HANDSHAKE[:2]), (KNOWN, KNOWN)])
def test_who_offers_a_version_knows_those_before_it(offers: tuple[str, ...], fine: tuple[str, ...]) -> None:
    assert accepted(offers) == fine


def test_a_new_session_begins_from_the_start() -> None:
    talk = Talk(NEWEST, calls={"s": "a"})
    talk.hears(initialized(NEWEST, capabilities={"tools": {}}))
    talk.hears(code=-32600)
    assert talk.handshake.seen().tools_error
    again = talk.handshake.begin()
    assert again["method"] == "initialize"
    assert again["id"] not in {message.get("id") for message in talk.sent}
    assert talk.handshake.headers(again) == []
    assert talk.handshake.seen().tools_error is None


def test_a_batch_counts_in_the_one_revision_that_has_them() -> None:
    for version, counts in (("2025-03-26", True), (NEWEST, False)):
        talk = Talk(NEWEST)
        talk.hears(initialized(version, capabilities={"tools": {}}))
        batch = Batch((Response(2, {"tools": [{"name": "a", "inputSchema": {}}]}),), "[…")
        assert talk.handshake.is_noise(batch) is not counts
        talk.handshake.receive(batch)
        assert talk.handshake.seen().tools == (("a",) if counts else ())
    assert talk.handshake.is_noise(Noise("x", NoiseKind.NOT_JSON))


def called(calls: dict[str, str], *tools: str) -> Talk:
    talk = Talk(NEWEST, calls=calls)
    talk.hears(initialized(NEWEST, capabilities={"tools": {}}))
    talk.hears({"tools": [{"name": name} for name in tools]})
    return talk


def test_one_tool_of_a_known_server_is_called() -> None:
    talk = called({"s": "status"}, "delete_all", "status")
    assert talk.sent[-1]["params"] == {"name": "status", "arguments": {}}
    seen = talk.hears({"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]})
    assert seen.call is not None
    assert (seen.call.tool, seen.call.text, seen.call.error) == ("status", "a\nb", None)
    assert talk.handshake.done


@pytest.mark.parametrize("calls", [{}, {"other": "status"}, {"s": "gone"}])
def test_no_other_tool_is_called(calls: dict[str, str]) -> None:
    talk = called(calls, "delete_all", "status")
    assert "tools/call" not in talk.methods
    assert talk.handshake.done


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ({"content": [{"type": "text", "text": "broken\x1b"}], "isError": True}, "broken\\x1b"),
        ({"content": [], "isError": True}, "it failed and did not say why"),
        ({"content": []}, "it answered nothing that can be read"),
        ({"resultType": "input_required"}, "it answered nothing that can be read"),
        (None, "it answered nothing that can be read"),
    ],
)
def test_a_call_that_comes_to_nothing_says_why(result: object, why: str) -> None:
    seen = called({"s": "status"}, "status").hears(result)
    assert seen.call is not None
    assert (seen.call.text, seen.call.error) == ("", why)


def test_a_refused_call_and_a_long_answer() -> None:
    refused = called({"s": "status"}, "status").hears(code=-32602).call
    assert refused is not None
    assert refused.error == "-32602 no"
    long = called({"s": "status"}, "status").hears({"content": [{"text": "x" * MAX_TEXT * 2}]}).call
    assert long is not None
    assert len(long.text) == MAX_TEXT


def test_what_is_waited_for_is_known_at_every_moment() -> None:
    talk = Talk(NEWEST, calls={"s": "status"})
    answers = (
        initialized(NEWEST, capabilities={"tools": {}}),
        {"tools": [{"name": "status", "inputSchema": {}}]},
        {"content": [{"text": "fine"}]},
    )
    assert talk.handshake.seen().waits_for == "initialize"
    assert [talk.hears(result).waits_for for result in answers] == ["tools/list", "tools/call", ""]


def test_ids_never_repeat() -> None:
    talk = called({"s": "status"}, "status")
    ids = [message["id"] for message in talk.sent if "id" in message]
    assert all(one != other for one, other in itertools.combinations(ids, 2))


@pytest.mark.parametrize(
    ("result", "malformed"),
    [
        (initialized(NEWEST), ""),
        ({"protocolVersion": NEWEST, "serverInfo": {"name": "s", "version": ""}}, "capabilities is missing"),
        ({**initialized(NEWEST), "capabilities": []}, "capabilities is not an object"),
        ({"protocolVersion": NEWEST, "capabilities": {}}, "serverInfo is missing"),
        ({**initialized(NEWEST), "serverInfo": {"name": "s"}}, "serverInfo.version is missing"),
        ({**initialized(NEWEST), "serverInfo": {"name": 5, "version": "1"}}, "serverInfo.name is not a text"),
    ],
)
def test_what_clients_refuse_is_noted(result: object, malformed: str) -> None:
    assert Talk(NEWEST).hears(result).malformed == malformed


@pytest.mark.parametrize(
    ("tool", "malformed"),
    [
        ({"name": "a", "inputSchema": {}}, ""),
        ({"name": "a"}, "tool 2: inputSchema is missing"),
        ({"inputSchema": {}}, "tool 2: name is missing"),
        (5, "tool 2 of its list is no object"),
    ],
)
def test_tools_that_clients_refuse_are_noted(tool: object, malformed: str) -> None:
    talk = Talk(NEWEST)
    talk.hears(initialized(NEWEST, capabilities={"tools": {}}))
    assert talk.hears({"tools": [{"name": "x", "inputSchema": {}}, tool]}).malformed == malformed


def test_an_error_about_a_notification_is_no_answer_to_the_tools() -> None:
    talk = Talk(NEWEST)
    talk.hears(initialized(NEWEST, capabilities={"tools": {}}))
    assert talk.handshake.receive(ErrorResponse(None, -32601, "Method not found")) == []
    assert talk.hears({"tools": [{"name": "a", "inputSchema": {}}]}).tools == ("a",)


def test_a_slow_server_may_say_late_that_it_knows_the_newer_way() -> None:
    talk = Talk(MODERN, NEWEST)
    talk.sent += talk.handshake.give_up_discovery()
    talk.sent += talk.handshake.receive(Response(1, DISCOVERED))
    assert talk.methods == ["server/discover", "initialize", "tools/list"]
    # What it says to the handshake belongs to nothing any more.
    talk.handshake.receive(ErrorResponse(2, -32601, "Method not found"))
    seen = talk.hears({"tools": []})
    assert (seen.era, seen.protocol_version, seen.error_code) == (Era.STATELESS, MODERN, None)


def test_a_question_without_an_answer_is_no_refusal() -> None:
    talk = Talk(MODERN)
    talk.handshake.give_up_discovery()
    seen = talk.handshake.seen()
    assert (talk.handshake.done, seen.error_code, seen.waits_for) == (True, None, "server/discover")
