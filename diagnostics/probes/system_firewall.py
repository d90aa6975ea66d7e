# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewalls that come with Windows and macOS, read without more rights than this user has. Nothing is changed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from ..ledger import Ledger
from ..protocols import macos_firewall, windows_firewall
from .listing import printed

_SOCKETFILTER = "/usr/libexec/ApplicationFirewall/socketfilterfw"
_RULES = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"


@dataclass(frozen=True, slots=True)
class Obstruction:
    """The rule or setting that stops a connection. `owner` names the firewall, `kind` which command opens the way."""

    rule: str
    owner: str
    kind: str


async def obstruction(port: int, programs: tuple[str, ...], ledger: Ledger, *, local: bool) -> Obstruction | None:
    """What stops this program's connections to `port`, or those to the `programs` that listen there; None elsewhere.

    `local` says that the port is this computer's, at an address that other computers reach too.
    """
    if sys.platform == "win32":
        return _of_windows(port, programs, local=local)
    if sys.platform == "darwin" and local:
        listing = await printed([_SOCKETFILTER, "--getglobalstate", "--getblockall", "--listapps"], ledger)
        said = listing.decode("utf-8", "replace")
        for program in programs:
            if rule := macos_firewall.blocking(said, program):
                kind = "macos_all" if "all incoming" in rule else "macos"
                return Obstruction(rule, "the firewall of macOS", kind)
    return None


def _of_windows(port: int, programs: tuple[str, ...], *, local: bool) -> Obstruction | None:
    rules = windows_firewall.read_rules(_registry())
    asked = [("Out", sys.executable), *(("In", program) for program in programs if local)]
    for direction, program in asked:
        for rule in rules:
            if rule.stops(direction, port, program, os.environ):
                return Obstruction(rule.name, "Windows Defender Firewall", f"windows_{direction.lower()}")
    return None


def _registry() -> list[str]:
    if sys.platform != "win32":
        return []
    import winreg  # noqa: PLC0415  # Windows alone has it

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _RULES) as key:
            return [str(winreg.EnumValue(key, index)[1]) for index in range(winreg.QueryInfoKey(key)[1])]
    except OSError:
        return []


async def reserved_range(port: int, ledger: Ledger) -> str:
    """The range of ports that Windows reserves and in which this one is; empty elsewhere."""
    if sys.platform != "win32":
        return ""
    argv = ["netsh", "int", "ipv4", "show", "excludedportrange", "protocol=tcp"]
    return windows_firewall.reserved_range((await printed(argv, ledger)).decode("ascii", "replace"), port)
