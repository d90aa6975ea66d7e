# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads Linux's packet filter as `nft -j list ruleset` prints it, and finds the rule that stops a connection.

The same listing shows the rules of ufw, firewalld and iptables, which all end in this filter. What stands in the
listing is described in libnftables-json(5). Whether a rule that asks for something else than addresses, ports,
interfaces and states matches is not known, and nothing is claimed that depends on it.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_TERMINAL = ("drop", "reject", "accept")
_MAX_DEPTH = 16
"""Jumps inside jumps; the kernel allows as many (NFT_JUMP_STACK_SIZE)."""


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a TCP connection as the filter sees it. `hook` is "input" or "output"."""

    hook: str
    interface: str
    address: str
    port: int

    @property
    def family(self) -> str:
        """As tables name it."""
        return "ip6" if ":" in self.address else "ip"


@dataclass(frozen=True, slots=True)
class Block:
    """What stops a packet: a rule, by its handle, or with handle 0 a chain's policy. `how` is "drop" or "reject"."""

    family: str
    table: str
    chain: str
    handle: int
    how: str


class UnreadableRulesError(ValueError):
    """The listing is not what `nft -j list ruleset` prints."""


@dataclass(slots=True)
class Ruleset:
    """The tables' chains, rules and sets, each under (family, table, name)."""

    chains: dict[tuple[str, str, str], Mapping[str, Any]] = field(default_factory=dict)
    rules: dict[tuple[str, str, str], list[Mapping[str, Any]]] = field(default_factory=dict)
    sets: dict[tuple[str, str, str], Sequence[Any]] = field(default_factory=dict)
    states: dict[tuple[str, str, str, int], frozenset[str]] = field(default_factory=dict)
    """The connection states that the n-th rule of a chain asks for by iptables' own match, which nft does not show."""


def read(listing: bytes) -> Ruleset:
    """The listing as data. Raises UnreadableRulesError."""
    found = Ruleset()
    try:
        for row in json.loads(listing)["nftables"]:
            for kind, item in row.items():
                if kind in {"chain", "rule", "set", "map"}:
                    _keep(found, kind, item)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableRulesError(type(error).__name__) from None
    return found


def _keep(found: Ruleset, kind: str, item: Mapping[str, Any]) -> None:
    name = item["chain"] if kind == "rule" else item["name"]
    at = (str(item["family"]), str(item["table"]), str(name))
    if kind == "chain":
        found.chains[at] = item
    elif kind == "rule":
        found.rules.setdefault(at, []).append(item)
    else:
        found.sets[at] = item.get("elem", [])


def read_states(ruleset: Ruleset, saved: str, family: str) -> None:
    """Adds the states that `iptables-save` (family "ip") or `ip6tables-save` ("ip6") tells of the filter's rules."""
    table, counts = "", dict[str, int]()
    for line in saved.splitlines():
        words = line.split()
        if line.startswith("*"):
            table, counts = line[1:].strip(), {}
        elif words[:1] == ["-A"] and len(words) > 1:
            number = counts[words[1]] = counts.get(words[1], -1) + 1
            for option in {"--ctstate", "--state"} & set(words[:-1]):
                states = words[words.index(option) + 1].lower().split(",")
                if words[words.index(option) - 1] != "!":
                    ruleset.states[family, table, words[1], number] = frozenset(states)


def block(ruleset: Ruleset, packet: Packet) -> Block | None:
    """What stops the packet; None when nothing does, or when that depends on what cannot be known here."""
    base = [
        (chain.get("prio", 0), at)
        for at, chain in ruleset.chains.items()
        if chain.get("hook") == packet.hook and chain.get("type") == "filter" and at[0] in {"inet", packet.family}
    ]
    for _priority, at in sorted(base, key=lambda row: row[0] if isinstance(row[0], int) else 0):
        walk = _Walk(ruleset, packet)
        ended = walk.chain(at, 0)
        if ended is None and ruleset.chains[at].get("policy") == "drop":
            ended = Block(*at, handle=0, how="drop")
        if walk.unsure:
            return None
        if isinstance(ended, Block):
            return ended
    return None


class _Walk:
    """One packet on its way through one chain of a hook. `unsure` says that a rule may have decided otherwise."""

    def __init__(self, ruleset: Ruleset, packet: Packet) -> None:
        self.ruleset = ruleset
        self.packet = packet
        self.unsure = False

    def chain(self, at: tuple[str, str, str], depth: int) -> Block | str | None:
        """A block, "accept", or None at the end of the chain."""
        for number, rule in enumerate(self.ruleset.rules.get(at, [])):
            ended = self._rule(at, number, rule, depth)
            if ended == "return" or self.unsure:
                return None
            if ended is not None:
                return ended
        return None

    def _rule(self, at: tuple[str, str, str], number: int, rule: Mapping[str, Any], depth: int) -> Block | str | None:
        certain = True
        for statement in rule.get("expr", []):
            kind, value = next(iter(statement.items())) if isinstance(statement, dict) and statement else ("", None)
            if kind == "xt" and isinstance(value, dict) and value.get("type") == "target":
                # A target of iptables: of these only two decide about the packet.
                kind = str(value.get("name")).lower()
            states = self.ruleset.states.get((*at, number)) if kind == "xt" else None
            if kind == "match" or states is not None:
                matched = self._matches(at, value) if states is None else "new" in states
                if matched is False:
                    return None
                certain = certain and matched is True
            elif kind in {"limit", "xt", "quota", "queue", "vmap", "connlimit", "ct count"}:
                certain = False
                if kind in {"vmap", "queue"}:
                    self.unsure = True
                    return None
            elif kind in {*_TERMINAL, "return", "jump", "goto"}:
                if certain:
                    return self._verdict(at, rule, kind, value, depth)
                self.unsure = True
                return None
        return None

    def _verdict(
        self, at: tuple[str, str, str], rule: Mapping[str, Any], kind: str, value: Any, depth: int
    ) -> Block | str | None:
        match kind:
            case "drop" | "reject":
                handle = rule.get("handle", 0)
                return Block(*at, handle=handle if isinstance(handle, int) else 0, how=kind)
            case "jump" | "goto" if isinstance(value, dict) and depth < _MAX_DEPTH:
                ended = self.chain((at[0], at[1], str(value.get("target"))), depth + 1)
                return "return" if ended is None and kind == "goto" else ended
            case "jump" | "goto":
                self.unsure = True
                return None
        return kind

    def _matches(self, at: tuple[str, str, str], match: Any) -> bool | None:
        if not isinstance(match, dict):
            return None
        actual = self._field(match.get("left"))
        if actual is None:
            return None
        equal = self._among(at, actual, match.get("right"))
        match match.get("op"):
            case "==" | "in":
                return equal
            case "!=":
                return None if equal is None else not equal
        return None

    def _field(self, left: Any) -> str | int | None:
        """What the packet has there; None where that is not known before it is sent."""
        match left:
            case {"payload": {"protocol": "tcp" | "th", "field": "dport"}}:
                return self.packet.port
            case {"payload": {"protocol": "udp" | "icmp" | "icmpv6" | "sctp"}}:
                return ""
            case {"payload": {"protocol": "ip" | "ip6" as family, "field": "daddr"}}:
                return self.packet.address if family == self.packet.family else ""
            case {"payload": {"protocol": "ip", "field": "protocol"}} | {"meta": {"key": "l4proto"}}:
                return "tcp"
            case {"meta": {"key": "nfproto"}}:
                return {"ip": "ipv4", "ip6": "ipv6"}[self.packet.family]
            case {"meta": {"key": "iif" | "iifname"}}:
                return self.packet.interface if self.packet.hook == "input" else None
            case {"meta": {"key": "oif" | "oifname"}}:
                return (self.packet.interface or None) if self.packet.hook == "output" else None
            case {"ct": {"key": "state"}}:
                return "new"
        return None

    def _among(self, at: tuple[str, str, str], actual: str | int, right: Any) -> bool | None:
        results = [_is(actual, value) for value in self._values(at, right)]
        if any(result is True for result in results):
            return True
        return None if None in results else False

    def _values(self, at: tuple[str, str, str], right: Any) -> Iterator[Any]:
        if isinstance(right, str) and right.startswith("@"):
            yield from self.ruleset.sets.get((at[0], at[1], right[1:]), [None])
        elif isinstance(right, dict) and isinstance(right.get("set"), list):
            yield from right["set"]
        elif isinstance(right, list):
            yield from right
        else:
            yield right


def _is(actual: str | int, wanted: Any) -> bool | None:
    """Whether a value is the one that a rule names; None for what cannot be compared."""
    match wanted:
        case {"range": [low, high]} if isinstance(actual, int) and isinstance(low, int) and isinstance(high, int):
            return low <= actual <= high
        case {"prefix": {"addr": str(address), "len": int(length)}}:
            return _in_network(actual, f"{address}/{length}")
        case {"elem": {"val": value}}:
            return _is(actual, value)
        case str() if isinstance(actual, str) and wanted.endswith("*"):
            return actual.startswith(wanted[:-1])
        case str() | int() if type(wanted) is type(actual):
            return wanted == actual
        case str() | int():
            return False if actual == "" else None
    return None


def _in_network(actual: str | int, network: str) -> bool | None:
    if actual == "":
        return False
    try:
        return ipaddress.ip_address(str(actual)) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return None
