# SPDX-License-Identifier: GPL-3.0-or-later
"""In which networks this machine is, and through which of them it would send. Nothing is sent to find that out."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from dataclasses import dataclass

import psutil

from .tcp import Address

_TUNNEL = re.compile(r"(?:u?tun|tap|wg|ppp|ipsec|tailscale|zt|nordlynx|proton|openvpn|wireguard)[\w.-]*", re.IGNORECASE)
"""Interfaces that VPN programs make, by the names that they give them."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network in which this machine has an address. `interface` is the system's name for the way to it."""

    interface: str
    address: str
    prefix: int

    def __contains__(self, address: str) -> bool:
        return ipaddress.ip_address(address.partition("%")[0]) in self._network

    def __str__(self) -> str:
        return f"{self._network} ({self.interface})"

    @property
    def is_vpn(self) -> bool:
        """The interface is called as VPN programs call theirs."""
        return _TUNNEL.fullmatch(self.interface) is not None

    @property
    def _network(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        return ipaddress.ip_network(f"{self.address}/{self.prefix}", strict=False)


def networks() -> tuple[Network, ...]:
    """The networks of all interfaces that are up, without those of this machine alone and of one cable (link-local)."""
    found: list[Network] = []
    with contextlib.suppress(psutil.Error, OSError):
        up = psutil.net_if_stats()
        for name, entries in psutil.net_if_addrs().items():
            if name in up and up[name].isup:
                found += (network for entry in entries if (network := _network(name, entry.address, entry.netmask)))
    return tuple(found)


def _network(interface: str, address: str, netmask: str | None) -> Network | None:
    try:
        own = ipaddress.ip_address(address.partition("%")[0])
        if own.is_loopback or own.is_link_local:
            return None
        if netmask is None:  # at the end of a line with one other computer; Windows does not tell IPv6's
            return Network(interface, str(own), own.max_prefixlen) if own.version == 4 else None  # noqa: PLR2004
        return Network(interface, str(own), int(ipaddress.ip_address(netmask)).bit_count())
    except ValueError:  # the address of a network card
        return None


def source_address(to: Address) -> str:
    """The address of this machine from which it would send to that one; empty where it knows no way there.

    Asks the system by connecting a UDP socket, which sends nothing.
    """
    with contextlib.suppress(OSError), socket.socket(to.family, socket.SOCK_DGRAM) as sock:
        sock.connect(to.sockaddr)
        return str(sock.getsockname()[0])
    return ""
