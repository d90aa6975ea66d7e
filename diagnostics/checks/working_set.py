# SPDX-License-Identifier: GPL-3.0-or-later
"""What this chain consists of, put together from what the other checks have seen. Nothing is judged."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ..check import Context
from ..knowledge import products
from ..knowledge.products import Product
from ..model import BridgeState, WorkedEntry, WorkingSet
from ..probes.bridge import BridgeAnswer
from ..probes.environment import Environment
from ..probes.files import State, read_file
from ..probes.mcp_http import WebServerAnswer
from ..text import one_line
from .addon import bridge_of_this_process, dotted
from .entries import Entry
from .network.endpoint import Endpoint
from .sdk import EnvironmentSeen
from .server import ServerSeen

SDK = "mcp"


@dataclass(frozen=True, slots=True)
class UvSeen:
    """The version of the uv by which the server is started, as it says itself."""

    version: str


def working_set(context: Context) -> WorkingSet:
    """What is known of the chain; of several servers the first one's. Reads the add-on's file, some milliseconds."""
    where, uv = context.observed(Endpoint), context.observed(UvSeen)
    entry = next(iter(context.all_observed(Entry)), None)
    known = _of_addon(context) | _of_server(entry, context)
    environment = environment_of(entry, context)
    if uv is not None:
        known["uv_version"] = uv.version
    if where is not None:
        known |= {"host": where.host, "port": str(where.port)}
    if environment is not None:
        known["python_version"] = environment.python_version
    packages = _packages(environment) if environment else {}
    platform = context.machine.platform if packages else ""
    return WorkingSet(platform, packages=packages, **{name: _plain(text) for name, text in known.items()})


def worked_entries(context: Context) -> tuple[WorkedEntry, ...]:
    """The apps' entries whose server answered in this run. Of a file that was given, no app is known to read it."""
    if context.target.app_config is not None:
        return ()
    answered = (seen.launch.entry for seen in context.all_observed(ServerSeen) if seen.answer.answered)
    return tuple(
        WorkedEntry(
            entry.app.id,
            entry.name,
            str(entry.file),
            entry.command.argv,
            context.today,
            tuple(entry.command.env),
            entry.scope,
        )
        for entry in answered
    )


def _packages(environment: Environment) -> dict[str, str]:
    return {
        name: _plain(package.version)
        for name, package in environment.packages.items()
        if package.version.strip() and re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name)
    }


def _plain(text: str) -> str:
    """A version or a name as it can stand in a lock file."""
    return one_line(text, 253)[:253].strip()


def environment_of(entry: Entry | None, context: Context) -> Environment | None:
    """The environment in which the entry's server runs; none where it is not sure and the server says otherwise."""
    seen = [seen for seen in context.all_observed(EnvironmentSeen) if seen.entry == entry]
    if not seen or entry is None:
        return None
    environment, told = seen[-1].environment, _told(entry, context)
    sdk = environment.packages.get(SDK)
    fits = sdk is None or not told or sdk.version == told
    return environment if seen[-1].sure or fits else None


def _told(entry: Entry, context: Context) -> str:
    """The SDK's version as the started server says it."""
    answers = [seen.told_sdk for seen in context.all_observed(ServerSeen) if seen.launch.entry == entry]
    return answers[-1] if answers else ""


def _of_server(entry: Entry | None, context: Context) -> dict[str, str]:
    """The server and its SDK: what is installed, else what the server says, else what the command names."""
    web = context.observed(WebServerAnswer)
    if entry is None:
        return {"mcp_version": web.mcp.protocol_version or ""} if web is not None and web.mcp.answered else {}
    answers = [seen for seen in context.all_observed(ServerSeen) if seen.launch.entry == entry]
    product = next((seen.product for seen in answers if seen.product), entry.product)
    known = {"mcp_version": answers[-1].answer.protocol_version or ""} if answers else {}
    environment = environment_of(entry, context)
    installed = {name: package.version for name, package in environment.packages.items()} if environment else {}
    known |= _server_package(entry, product, installed)
    named = products.named_version(entry.command, SDK)
    sdk = installed.get(SDK) or _told(entry, context) or str(named or "")
    return known | ({"sdk_package": SDK, "sdk_version": sdk} if sdk else {})


def _server_package(entry: Entry, product: Product | None, installed: dict[str, str]) -> dict[str, str]:
    """The distribution that the server is, and its version."""
    names = product.packages if product else ()
    name = next((name for name in names if name in installed), None)
    if name is not None:
        return {"server_package": name, "server_version": installed[name]}
    for name in names:
        if (named := products.named_version(entry.command, name)) is not None:
            return {"server_package": name, "server_version": str(named)}
    words = {re.split(r"[\[@=<>~!]", word)[0] for word in entry.command.args}
    return {"server_package": next((name for name in names if name in words), "")}


def _of_addon(context: Context) -> dict[str, str]:
    """The add-on: what it says over its socket, and inside Blender what Blender knows of it."""
    where, answer = context.observed(Endpoint), context.observed(BridgeAnswer)
    own = bridge_of_this_process(context, where) if where else None
    known = _of_own(own, context) if own else {}
    if answer is None or answer.recognised is None:
        return known
    product = products.of_dialect(str(answer.recognised.dialect), answer.address.port)
    if product is not None:
        known.setdefault("addon_product", product.id)
    if answer.info is not None:
        protocol = answer.info.get("protocol_version")
        if isinstance(protocol, int) and not isinstance(protocol, bool):
            known["addon_protocol"] = str(protocol)[:20]
        known["addon_version"] = dotted(answer.info.get("addon_version")) or known.get("addon_version", "")
    return known


def _of_own(bridge: BridgeState, context: Context) -> dict[str, str]:
    known = {"addon_product": bridge.product, "addon_version": ".".join(map(str, bridge.version))}
    return known | ({"addon_sha256": _sha256(bridge.file, context)} if bridge.file else {})


def _sha256(path: Path, context: Context) -> str:
    """Of the file's bytes; "" where it cannot be read."""
    read = read_file(path, context.ledger)
    return hashlib.sha256(read.data).hexdigest() if read.state is State.READ else ""
