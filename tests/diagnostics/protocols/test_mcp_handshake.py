# SPDX-License-Identifier: GPL-3.0-or-later
"""The handshake without any I/O: what is said to which message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.jsonrpc import (
    Batch,
    ErrorResponse,
    Message,
    Noise,
    NoiseKind,
    Notification,
    Request,
    Response,
)
from diagnostics.protocols.mcp_answer import Era, describe, describe_sent
from diagnostics.protocols.mcp_handshake import MAX_ANSWERS, MAX_ECHO, MAX_PAGES, MAX_TOOLS, Handshake
from diagnostics.protocols.mcp_versions import KNOWN

GOOD = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}, "prompts": {}},
    "serverInfo": {"name": "s\x1b", "version": "1"},
}


def begun() -> Handshake:
    handshake = Handshake(offers=["2025-11-25"], client_name="c", client_version="9")
    request = handshake.begin()
    assert request["method"] == "initialize"
    assert request["params"] == {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "c", "version": "9"},
    }
    return handshake


def answered() -> Handshake:
    handshake = begun()
    initialized, tools = handshake.receive(Response(1, GOOD))
    assert initialized == {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert tools["method"] == "tools/list"
    return handshake


def page(*names: object, cursor: object = None) -> dict[str, object]:
    return {"tools": [{"name": name} for name in names], **({} if cursor is None else {"nextCursor": cursor})}


def test_a_good_server() -> None:
    handshake = answered()
    assert handshake.receive(Response(2, page("a", "b", cursor="next")))[0]["params"] == {"cursor": "next"}
    assert handshake.receive(Response(3, page("c"))) == []
    assert handshake.done
    assert handshake.seen().tools_listed
    assert handshake.seen().tools == ("a", "b", "c")
    assert (handshake.seen().protocol_version, handshake.seen().protocol_version_valid) == ("2025-11-25", True)
    assert (handshake.seen().server_name, handshake.seen().server_version) == ("s\\x1b", "1")
    assert handshake.seen().capabilities == ("tools", "prompts")


@pytest.mark.parametrize(
    ("fields", "version", "raw", "valid"),
    [
        ({}, None, "", False),
        ({"protocolVersion": None}, None, "null", False),
        ({"protocolVersion": 20251125}, None, "20251125", False),
        ({"protocolVersion": ["x"]}, None, "[…]", False),
        ({"protocolVersion": "latest"}, "latest", '"latest"', False),
        ({"protocolVersion": "1999-01-01"}, "1999-01-01", '"1999-01-01"', True),
        ({"protocolVersion": "2025-11-25\n"}, "2025-11-25\n", '"2025-11-25\\n"', False),
    ],
)
def test_protocol_version(fields: dict[str, object], version: str | None, raw: str, valid: bool) -> None:
    handshake = begun()
    handshake.receive(Response(1, fields))
    assert handshake.answered
    seen = (
        handshake.seen().protocol_version,
        handshake.seen().protocol_version_raw,
        handshake.seen().protocol_version_valid,
    )
    assert seen == (version, raw, valid)


@pytest.mark.parametrize("result", [None, [], 1, "x", {"capabilities": 1, "serverInfo": "x"}])
def test_an_odd_result_is_an_answer(result: object) -> None:
    handshake = begun()
    handshake.receive(Response(1, result))
    assert handshake.answered
    assert handshake.done
    assert handshake.seen().capabilities == ()


def test_refusal_with_the_versions_that_it_knows() -> None:
    handshake = begun()
    error = ErrorResponse(1, -32022, "no", {"supported": ["2026-07-28", 7], "requested": "x"})
    assert handshake.receive(error) == []
    assert handshake.done
    assert not handshake.answered
    seen = handshake.seen()
    assert (seen.error_code, seen.error_message, seen.supported) == (-32022, "no", ("2026-07-28",))


def test_refusal_without_id_is_for_the_open_request() -> None:
    handshake = begun()
    handshake.receive(ErrorResponse(None, -32700, "parse error"))
    seen = handshake.seen()
    assert (seen.error_code, seen.supported) == (-32700, ())


def test_replies_to_nothing_are_noted() -> None:
    handshake = begun()
    for identity in (7, "1", 0, 2, 3, 4, 5):
        assert handshake.receive(Response(identity, GOOD)) == []
    assert not handshake.answered
    assert handshake.seen().stray_ids == ("7", '"1"', "0", "2", "3")


def test_requests_of_the_server_are_answered_up_to_a_limit() -> None:
    handshake = begun()
    assert handshake.receive(Request("p", "ping")) == [{"jsonrpc": "2.0", "id": "p", "result": {}}]
    (refusal,) = handshake.receive(Request(5, "roots/list"))
    assert refusal["error"]["code"] == -32601
    answers = [handshake.receive(Request(at, "ping")) for at in range(MAX_ANSWERS * 2)]
    assert sum(map(len, answers)) == MAX_ANSWERS - 2


def test_long_ids_and_cursors_are_not_sent_back() -> None:
    handshake = answered()
    assert handshake.receive(Request("x" * (MAX_ECHO + 1), "ping")) == []
    assert len(handshake.receive(Request("x" * MAX_ECHO, "ping"))) == 1
    assert handshake.receive(Response(2, page("a", cursor="x" * (MAX_ECHO + 1)))) == []
    assert handshake.seen().tools_error == "malformed"


@pytest.mark.parametrize("result", [None, {}, {"tools": {}}, []])
def test_malformed_list(result: object) -> None:
    handshake = answered()
    handshake.receive(Response(2, result))
    assert handshake.done
    assert handshake.seen().tools_error == "malformed"
    assert not handshake.seen().tools_listed


def test_refused_list() -> None:
    handshake = answered()
    handshake.receive(ErrorResponse(2, -32601, "Method\x1b not found"))
    assert handshake.seen().tools_error == "-32601 Method\\x1b not found"


def test_pages_and_tools_are_bounded() -> None:
    handshake = answered()
    pages = 0
    while not handshake.done:
        pages += 1
        handshake.receive(Response(pages + 1, page(pages, "x", cursor=str(pages))))
    assert pages == MAX_PAGES
    handshake = answered()
    handshake.receive(Response(2, page(*(str(at) for at in range(MAX_TOOLS * 2)), cursor="x")))
    assert handshake.done
    assert len(handshake.seen().tools) == MAX_TOOLS


def test_a_cursor_that_comes_again_ends_the_list() -> None:
    handshake = answered()
    handshake.receive(Response(2, page("a", cursor="x")))
    handshake.receive(Response(3, page("a", cursor="x")))
    assert handshake.done


FIELDS = (
    *("protocolVersion", "supportedVersions", "supported", "capabilities", "experimental", "serverInfo", "_meta"),
    *("tools", "name", "nextCursor", "content", "text", "isError"),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(KNOWN),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
        )
    ),
    max_leaves=15,
)
MESSAGES = st.one_of(
    st.builds(Response, st.integers(0, 5), ANYTHING),
    st.builds(ErrorResponse, st.none() | st.integers(0, 5), st.integers(), st.text(), ANYTHING),
    st.builds(Request, st.integers() | st.text(), st.text(), ANYTHING),
    st.builds(Notification, st.text(), ANYTHING),
    st.just(Noise("x", NoiseKind.NOT_JSON)),
    st.builds(lambda result: Batch((Response(1, result),), "x"), ANYTHING),
)


@given(st.lists(MESSAGES, max_size=12), st.lists(st.sampled_from(KNOWN), min_size=1))
def test_no_message_breaks_it(messages: list[Message], offers: list[str]) -> None:
    handshake = Handshake(offers=offers, client_name="c", client_version="9", calls={"s": "a"})
    handshake.begin()
    for message in messages:
        assert len(describe(message)) < 1500
        for reply in handshake.receive(message):
            assert describe_sent(reply)
            assert handshake.headers(reply) is not None
    seen = handshake.seen()
    assert not (seen.answered and seen.error_code)
    assert seen.era is not Era.STATELESS or seen.protocol_version in offers
