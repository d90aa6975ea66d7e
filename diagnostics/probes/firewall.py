# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a rule of this system's firewall stop a connection? Asked read-only, with the rights that this user has."""

from __future__ import annotations

import re
import shutil
import socket
import sys
from dataclasses import dataclass

import psutil

from ..ledger import Ledger
from ..protocols.nftables import Block, Packet, Ruleset, UnreadableRulesError, block, read, read_states
from ..text import one_line
from .listing import PATH, printed


@dataclass(frozen=True, slots=True)
class Firewall:
    """What was read. `rules` is None where there is nothing to read with, or the system does not let this user.

    `command` is what somebody with more rights can run to see the rules; "" where this system has no known way.
    """

    rules: Ruleset | None
    command: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A rule that stops a connection. `text` is the rule as the firewall prints it."""

    packet: Packet
    block: Block
    text: str

    @property
    def owner(self) -> str:
        """Which program keeps this rule: "ufw", "firewalld", "iptables", "ip6tables" or "nft"."""
        if self.block.chain.startswith("ufw"):
            return "ufw"
        if self.block.table == "firewalld":
            return "firewalld"
        iptables = self.block.table == "filter" and self.block.chain.isupper()
        return {"ip": "iptables", "ip6": "ip6tables"}.get(self.block.family, "nft") if iptables else "nft"


async def read_firewall(ledger: Ledger) -> Firewall:
    """The rules of Linux's packet filter, in the network namespace of this process; nothing on other systems."""
    if sys.platform != "linux":
        return Firewall(None)
    program = shutil.which("nft", path=PATH)
    if program is None:
        return Firewall(None, "sudo iptables-save")
    listing = await printed([program, "-j", "list", "ruleset"], ledger)
    try:
        rules = read(listing)
    except UnreadableRulesError:
        return Firewall(None, "sudo nft list ruleset")
    if b'"conntrack"' in listing or b'"state"' in listing:
        for family, name in (("ip", "iptables-save"), ("ip6", "ip6tables-save")):
            if saver := shutil.which(name, path=PATH):
                read_states(rules, (await printed([saver, "-t", "filter"], ledger)).decode("utf-8", "replace"), family)
    return Firewall(rules)


def interface_towards(address: str, port: int) -> str:
    """The network interface by which this system reaches a numeric address; "" where it has no way there.

    Asks the system's routes by connecting a UDP socket, which sends nothing.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, port))
            own = sock.getsockname()[0]
        interfaces = psutil.net_if_addrs()
    except (OSError, psutil.Error):
        return ""
    return next((name for name, held in interfaces.items() if any(at.address == own for at in held)), "")


async def stopped(rules: Ruleset, packets: tuple[Packet, ...], ledger: Ledger) -> Stopped | None:
    """The first of the packets that a rule stops, with the text of that rule."""
    for packet in packets:
        found = block(rules, packet)
        if found is not None:
            return Stopped(packet, found, await _text(found, ledger))
    return None


async def _text(found: Block, ledger: Ledger) -> str:
    if not found.handle:
        return f"policy {found.how}"
    program = shutil.which("nft", path=PATH) or "nft"
    listing = await printed([program, "-a", "list", "chain", found.family, found.table, found.chain], ledger)
    for line in listing.decode("utf-8", "replace").splitlines():
        if re.search(rf"# handle {found.handle}$", line.rstrip()):
            return one_line(line.rpartition("# handle")[0])
    return found.how
