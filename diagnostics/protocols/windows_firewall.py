# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of Windows Defender Firewall as the registry keeps them, and the port ranges that Windows reserves.

Sources: the rule grammar of Microsoft's [MS-GPFAS], section 2.2.2.19, whose words are the same in every language; and
what `netsh int ipv4 show excludedportrange` prints, of which only the numbers are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TCP = "6"
_KNOWN = frozenset({"Action", "Active", "Dir", "Protocol", "App", "Name", "Desc", "EmbedCtxt"})
"""Fields besides the ports that say nothing of which this program does not know whether it applies."""


@dataclass(frozen=True, slots=True)
class WindowsRule:
    """An active rule that blocks. `direction` is "In" or "Out"; empty `ports` are all, as an empty program is any.

    `program` is the whole path, with `%variables%` as the rule has them.
    """

    name: str
    direction: str
    ports: tuple[range, ...]
    program: str

    def stops(self, direction: str, port: int, program: str, environ: Mapping[str, str]) -> bool:
        """Whether it stops a TCP connection of this program: to this port elsewhere ("Out"), or here ("In")."""
        path = re.sub(r"%(\w+)%", lambda found: environ.get(found[1], found[0]), self.program)
        ours = not path or path.replace("/", "\\").lower() == program.replace("/", "\\").lower()
        return self.direction == direction and ours and (not self.ports or any(port in ports for ports in self.ports))


def read_rules(values: Iterable[str]) -> tuple[WindowsRule, ...]:
    """The active rules that block TCP, without those that hold for some networks, computers, services or apps only."""
    return tuple(rule for value in values if (rule := _rule(value)) is not None)


def _rule(value: str) -> WindowsRule | None:
    fields: dict[str, list[str]] = {}
    for part in value.split("|"):
        name, equals, said = part.partition("=")
        if equals:
            fields.setdefault(name, []).append(said)
    first = {name: said[0] for name, said in fields.items()}
    blocks = first.get("Action") == "Block" and first.get("Active") == "TRUE"
    direction = first.get("Dir", "")
    side = "L" if direction == "In" else "R"
    names = [f"{side}Port", f"{side}Port2_10", f"{side}Port2_20"]
    if not blocks or first.get("Protocol", _TCP) != _TCP or not _KNOWN.issuperset(fields.keys() - set(names)):
        return None
    written = [port for name in names for port in fields.get(name, ())]
    ports = tuple(found for port in written if (found := _range(port)) is not None)
    if written and not ports:
        return None  # a service by its name, such as RPC
    return WindowsRule(first.get("Name", "a rule without a name"), direction, ports, first.get("App", ""))


def _range(text: str) -> range | None:
    numbers = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text.strip())
    return range(int(numbers[1]), int(numbers[2] or numbers[1]) + 1) if numbers else None


def reserved_range(listing: str, port: int) -> str:
    """The range that Windows reserves and in which the port is, such as "9850-9949"; empty where it is in none."""
    for first, last in re.findall(r"^\s*(\d{1,5})\s+(\d{1,5})\s*\*?\s*$", listing, re.MULTILINE):
        if int(first) <= port <= int(last):
            return f"{first}-{last}"
    return ""
