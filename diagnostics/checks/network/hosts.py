# SPDX-License-Identifier: GPL-3.0-or-later
"""A host on another network: is there a way to it, and does a tunnel lead there already?"""

from __future__ import annotations

import ipaddress

from ...check import Context
from ...knowledge import table
from ...model import EvidenceValue
from ...probes.background import in_thread
from ...probes.interfaces import Network, networks, source_address
from ...probes.running import Running, running
from ...probes.tcp import Address, Resolution
from ...protocols.ssh_forward import Forward, forwards
from ..processes import process_names
from .endpoint import Endpoint, is_loopback
from .machine import taken_ports
from .tunnel import from_there

_PORTS = 65535


async def evidence_of_host(where: Endpoint, resolution: Resolution, context: Context) -> dict[str, EvidenceValue]:
    """What is known about the way to another computer; nothing is sent to it, and no name is looked up."""
    address = resolution.addresses[0]
    own = await context.once(_networks)
    evidence = ways(address, own, await in_thread(lambda: source_address(address)))
    evidence |= {"canonical_name": resolution.canonical or None}
    programs = await context.once(lambda: _tunnelling(context), key=_tunnelling)
    for program in programs:
        for forward in forwards(program.arguments):
            if leads_to(forward, where, resolution):
                return evidence | {
                    "tunnel": f"{program.program} (process {program.pid})",
                    "tunnel_endpoint": f"localhost:{forward.port}",
                }
    free = await _free_port(where.port, context)
    return evidence | {"_tunnel_command": from_there(where, free, context), "_local_endpoint": f"localhost:{free}"}


def ways(address: Address, own: tuple[Network, ...], source: str) -> dict[str, EvidenceValue]:
    """Whether the other computer is in one of our networks, and whether the way to it is a VPN's.

    `source` is the address from which the system would send, empty where it knows no way.
    """
    of_family = [network for network in own if (":" in network.address) == (":" in address.host)]
    same = next((str(network) for network in of_family if address.host in network), None)
    through = next((network for network in own if network.address == source), None)
    vpns = tuple(network.interface for network in of_family if network.is_vpn)
    private = ipaddress.ip_address(address.host.partition("%")[0]).is_private
    return {
        "address": address.host,
        "own_networks": tuple(dict.fromkeys(map(str, of_family))),
        "same_network": same,
        "other_network": same is None and bool(of_family),
        "no_network": not of_family,
        "private": same is None and private and through is not None and not through.is_vpn,
        "vpn": through.interface if through is not None and through.is_vpn else None,
        "idle_vpn": vpns[0] if vpns and same is None and (through is None or not through.is_vpn) else None,
    }


def leads_to(forward: Forward, where: Endpoint, resolution: Resolution) -> bool:
    """Whether a forward of this computer ends at the endpoint: at its host itself, or seen from it as its own port."""
    names = {where.host.lower(), resolution.canonical.lower(), *(address.host for address in resolution.addresses)}
    if forward.host_port != where.port:
        return False
    far, via = forward.host.lower(), forward.via.rpartition("@")[2].lower()
    return far in names - {""} or (via in names - {""} and (far == "localhost" or is_loopback(far)))


async def _free_port(wanted: int, context: Context) -> int:
    """The same port here, or the next one at which nobody listens."""
    taken = await taken_ports(context)
    return next((port for port in range(wanted, _PORTS) if port not in taken), wanted)


async def _networks() -> tuple[Network, ...]:
    return await in_thread(networks)


async def _tunnelling(context: Context) -> tuple[Running, ...]:
    names = await process_names(context)
    return await in_thread(lambda: running(table("programs")["tunnels"], names))
