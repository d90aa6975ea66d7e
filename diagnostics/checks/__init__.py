# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks, one file per link. Each reads observations and yields findings; the probes ask the world."""

from __future__ import annotations

from ..check import Check
from ..model import Link
from . import addon, addon_state, addon_temp, blender, launcher, server, server_config, server_processes
from .client import configuration, running
from .network import agreement, listener, reach, secure, web

CHECKS: tuple[Check, ...] = (
    Check("client.configuration", Link.CLIENT, "Reading what the AI apps have configured", configuration.configuration),
    Check(
        "client.restart",
        Link.CLIENT,
        "Looking since when the AI app runs",
        running.restart,
        after=("client.configuration",),
    ),
    Check(
        "launcher.command",
        Link.LAUNCHER,
        "Looking for the command as the AI app would",
        launcher.command,
        after=("client.configuration",),
    ),
    # Before the others of its link: what it says is what the row shows.
    Check(
        "network.web",
        Link.NETWORK,
        "Asking the MCP server over HTTP",
        web.web,
        needs=("network.connect",),
        after=("network.tls", "addon.identify"),
        deadline_s=25.0,
    ),
    Check(
        "network.connect",
        Link.NETWORK,
        "Connecting to Blender's port",
        reach.connect,
        after=("client.configuration",),
        deadline_s=20.0,
    ),
    Check("network.tls", Link.NETWORK, "Securing the connection", secure.tls, needs=("network.connect",)),
    Check(
        "addon.identify",
        Link.ADDON,
        "Asking what answers at the port",
        addon.identify,
        needs=("network.connect",),
        after=("network.tls",),
        deadline_s=20.0,
    ),
    Check(
        "network.owner",
        Link.NETWORK,
        "Finding out who listens at the port",
        listener.owner,
        after=("addon.identify", "network.web"),
    ),
    Check(
        "network.sharing",
        Link.NETWORK,
        "Looking who else may use the port",
        listener.sharing,
        needs=("network.connect",),
        after=("addon.identify",),
    ),
    Check(
        "network.agreement",
        Link.NETWORK,
        "Comparing the AI app's port with Blender's",
        agreement.agreement,
        after=("addon.identify",),
        deadline_s=20.0,
    ),
    Check(
        "addon.meaning",
        Link.ADDON,
        "Comparing the add-on's version",
        addon.meaning,
        after=("addon.identify", "network.owner", "network.web"),
    ),
    Check(
        "addon.state",
        Link.ADDON,
        "Looking at the add-ons of this Blender",
        addon_state.state,
        after=("network.connect", "network.web"),
    ),
    Check("blender.state", Link.BLENDER, "Looking at Blender", blender.state, after=("addon.meaning", "network.owner")),
    Check(
        "blender.instances",
        Link.BLENDER,
        "Looking for other Blenders",
        blender.instances,
        after=("network.connect", "network.web"),
    ),
    Check(
        "addon.temp",
        Link.ADDON,
        "Looking where files are handed over",
        addon_temp.temp,
        after=("client.configuration", "network.web"),
    ),
    Check(
        "client.several",
        Link.CLIENT,
        "Looking which AI apps use this Blender",
        running.several,
        after=("network.connect", "network.web"),
    ),
    # Before the server is started that the app would start, which would be one of them.
    Check(
        "server.processes",
        Link.SERVER,
        "Looking which servers are connected to Blender",
        server_processes.processes,
        after=("network.connect", "network.web", "addon.identify", "network.owner"),
    ),
    Check(
        "server.handshake",
        Link.SERVER,
        "Starting the MCP server",
        server.handshake,
        after=("launcher.command", "addon.meaning", "network.agreement", "blender.state", "server.processes"),
        deadline_s=None,
    ),
    Check(
        "server.settings",
        Link.SERVER,
        "Comparing what the server is told with what it reads",
        server.settings,
        after=("client.configuration",),
    ),
    Check(
        "server.config",
        Link.SERVER,
        "Comparing the server's configuration",
        server_config.config,
        after=("network.connect", "addon.identify"),
    ),
    Check(
        "server.pins",
        Link.SERVER,
        "Comparing versions with your pins",
        server.pins,
        after=("launcher.command", "server.handshake"),
    ),
    Check(
        "addon.product",
        Link.ADDON,
        "Comparing the server with the add-on",
        addon.product,
        after=("server.handshake", "addon.meaning"),
    ),
)
