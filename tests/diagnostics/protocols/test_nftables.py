# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule of a listing stops a connection, and that nothing is claimed where a listing does not tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.nftables import Block, Packet, UnreadableRulesError, block, read, read_states

HERE = Packet("input", "lo", "127.0.0.1", 9876)
DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}


def match(left: object, right: object, op: str = "==") -> dict[str, object]:
    return {"match": {"op": op, "left": left, "right": right}}


def listing(*rules: list[object], policy: str = "accept", extra: tuple[object, ...] = (), **chain: object) -> bytes:
    base: dict[str, Any] = {"family": "inet", "table": "t", "name": "in", "type": "filter", "hook": "input", "prio": 0}
    rows = [{"chain": {**base, "policy": policy, **chain}}, *extra]
    rows += [
        {"rule": {"family": "inet", "table": "t", "chain": "in", "handle": number, "expr": rule}}
        for number, rule in enumerate(rules, start=1)
    ]
    return json.dumps({"nftables": rows}).encode()


def stopped(data: bytes, packet: Packet = HERE) -> Block | None:
    return block(read(data), packet)


DROP, ACCEPT = {"drop": None}, {"accept": None}


@pytest.mark.parametrize(
    "condition",
    [
        match(DPORT, 9876),
        match(DPORT, {"set": [80, 9876]}),
        match(DPORT, {"range": [9000, 9999]}),
        match(DPORT, {"set": [{"range": [9000, 9999]}]}),
        match(DPORT, 80, "!="),
        match({"payload": {"protocol": "ip", "field": "daddr"}}, {"prefix": {"addr": "127.0.0.0", "len": 8}}),
        match({"meta": {"key": "iifname"}}, "lo"),
        match({"meta": {"key": "iifname"}}, "l*"),
        match({"meta": {"key": "l4proto"}}, "tcp"),
        match({"ct": {"key": "state"}}, ["new", "established"], "in"),
    ],
)
def test_a_rule_that_matches(condition: dict[str, object]) -> None:
    assert stopped(listing([condition, {"counter": {"packets": 0}}, DROP])) == Block("inet", "t", "in", 1, "drop")
    assert stopped(listing([condition, ACCEPT], [DROP])) is None


@pytest.mark.parametrize(
    "condition",
    [
        match(DPORT, 9877),
        match(DPORT, {"set": [80, 443]}),
        match(DPORT, {"range": [1, 1023]}),
        match({"payload": {"protocol": "udp", "field": "dport"}}, 9876),
        match({"payload": {"protocol": "ip6", "field": "daddr"}}, "::1"),
        match({"meta": {"key": "iifname"}}, "eth0"),
        match({"ct": {"key": "state"}}, "invalid", "in"),
    ],
)
def test_a_rule_for_others(condition: dict[str, object]) -> None:
    assert stopped(listing([condition, DROP])) is None
    assert stopped(listing([condition, ACCEPT], [DROP])) == Block("inet", "t", "in", 2, "drop")


def test_a_policy() -> None:
    assert stopped(listing(policy="drop")) == Block("inet", "t", "in", 0, "drop")
    assert stopped(listing([match(DPORT, 9876), ACCEPT], policy="drop")) is None


def test_a_rejection() -> None:
    assert stopped(listing([{"reject": {"type": "tcp reset"}}])) == Block("inet", "t", "in", 1, "reject")


def test_the_chain_of_another_hook_or_kind() -> None:
    assert stopped(listing([DROP], hook="forward")) is None
    assert stopped(listing([DROP], type="nat")) is None


def test_an_accepted_packet_is_still_seen_by_the_next_chain() -> None:
    late = {"chain": {"family": "ip", "table": "u", "name": "x", "type": "filter", "hook": "input", "prio": 10}}
    drop = {"rule": {"family": "ip", "table": "u", "chain": "x", "handle": 9, "expr": [DROP]}}
    assert stopped(listing([ACCEPT], extra=(late, drop))) == Block("ip", "u", "x", 9, "drop")


def test_jumps_and_returns() -> None:
    chain = {"chain": {"family": "inet", "table": "t", "name": "user"}}
    rules = [
        {"rule": {"family": "inet", "table": "t", "chain": "user", "handle": 10, "expr": [match(DPORT, 1), DROP]}},
        {"rule": {"family": "inet", "table": "t", "chain": "user", "handle": 11, "expr": [{"return": None}]}},
        {"rule": {"family": "inet", "table": "t", "chain": "user", "handle": 12, "expr": [DROP]}},
    ]
    jump = [{"jump": {"target": "user"}}]
    assert stopped(listing(jump, extra=(chain, *rules))) is None
    assert stopped(listing(jump, extra=(chain, rules[2]))) == Block("inet", "t", "user", 12, "drop")


def test_sets_by_their_name() -> None:
    ports = {"set": {"family": "inet", "table": "t", "name": "ports", "elem": [22, 9876]}}
    rule = [match(DPORT, "@ports"), DROP]
    assert stopped(listing(rule, extra=(ports,))) == Block("inet", "t", "in", 1, "drop")
    assert stopped(listing(rule)) is None


@pytest.mark.parametrize(
    "condition",
    [
        {"xt": {"type": "match", "name": "owner"}},
        {"limit": {"rate": 3}},
        match({"meta": {"key": "mark"}}, 1),
        match({"payload": {"protocol": "tcp", "field": "sport"}}, 5),
        match(DPORT, {"&": [1, 2]}),
        {"vmap": {"key": DPORT, "data": {"set": []}}},
    ],
)
def test_what_cannot_be_known_is_not_claimed(condition: dict[str, object]) -> None:
    assert stopped(listing([condition, DROP])) is None
    assert stopped(listing([condition, ACCEPT], [DROP])) is None


@pytest.mark.parametrize(("states", "passes"), [("RELATED,ESTABLISHED", False), ("NEW,ESTABLISHED", True)])
def test_the_states_that_only_iptables_shows(states: str, passes: bool) -> None:
    conntrack = {"xt": {"type": "match", "name": "conntrack"}}
    rules = read(listing([ACCEPT, match(DPORT, 1)], [conntrack, ACCEPT], [DROP]))
    rules.rules["inet", "t", "in"][0] = {"expr": [match(DPORT, 1), ACCEPT], "handle": 1}
    saved = f"*t\n:in ACCEPT [0:0]\n-A in -p tcp -j ACCEPT\n-A in -m conntrack --ctstate {states} -j ACCEPT\nCOMMIT\n"
    assert block(rules, HERE) is None, "nothing is claimed without the states"
    read_states(rules, saved, "inet")
    assert (block(rules, HERE) is None) == passes


def test_a_target_of_iptables() -> None:
    reject = {"xt": {"type": "target", "name": "REJECT"}}
    assert stopped(listing([{"xt": {"type": "target", "name": "LOG"}}, match(DPORT, 9876), reject])) == Block(
        "inet", "t", "in", 1, "reject"
    )


@given(st.text(alphabet="-A mconntrack*filter\n,! "), st.sampled_from(["ip", "ip6"]))
def test_no_saved_rules_harm(saved: str, family: str) -> None:
    read_states(read(listing()), saved, family)


def test_chains_that_jump_in_a_circle() -> None:
    assert stopped(listing([{"jump": {"target": "in"}}])) is None


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"nftables": 1}', b'{"nftables": [{"rule": {}}]}', b"[" * 10**5])
def test_what_is_no_listing(data: bytes) -> None:
    with pytest.raises(UnreadableRulesError):
        read(data)


values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 70000) | st.sampled_from(["tcp", "lo", "@x", "new", "dport", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["set", "range", "prefix", "payload", "meta", "key", "elem"]), inner)
    ),
    max_leaves=8,
)
statements = st.dictionaries(st.sampled_from(["match", "drop", "jump", "accept", "xt", "goto", "return"]), values)


@given(st.lists(st.lists(statements | values, max_size=4), max_size=5))
def test_no_listing_harms(rules: list[list[object]]) -> None:
    ended = stopped(listing(*rules))
    assert ended is None or ended.how in {"drop", "reject"}
