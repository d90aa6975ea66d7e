# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-ons of this very Blender, by its own knowledge and their files: why does none of them answer?"""

from __future__ import annotations

from pathlib import Path

from ..check import Context, Outcome
from ..knowledge import products
from ..knowledge.catalogue import finding
from ..model import BridgeState, EvidenceValue, Finding, Snapshot, Verdict
from ..probes.addon_file import AddonFile, read_addon
from ..probes.background import in_thread
from ..probes.port_binding import why_not_bound
from .addon_port import moved
from .blender import system_packages
from .entries import Entry
from .network.another_port import another_port
from .network.endpoint import Endpoint, LocalEndpoint, is_web
from .network.machine import listening_at


async def state(context: Context) -> Outcome:
    """Why nothing answers, or why it is not this Blender that answers."""
    snapshot, reached = context.snapshot, context.outcome("network.connect")
    where = context.observed(Endpoint)
    if snapshot is None or where is None or reached is None:
        return Outcome(Verdict.SKIPPED, "seen from outside Blender")
    if is_web(context):
        return Outcome(Verdict.SKIPPED)
    if context.observed(LocalEndpoint) is None:
        return Outcome(Verdict.SKIPPED, "the endpoint is not this Blender's")
    if any(found.id == "network.refused" for found in reached.findings):
        failed = await _why_stopped(snapshot, context, where)
    elif reached.verdict is Verdict.PASS:
        failed = await _forestalled(snapshot, context, where) or _switched_off(snapshot, where)
    else:
        return Outcome(Verdict.SKIPPED, "waits for the network", blocked_by="network.connect")
    if not failed:
        return Outcome(Verdict.SKIPPED)
    worst = Verdict.FAIL if any(found.verdict is Verdict.FAIL for found in failed) else Verdict.SKIPPED
    return Outcome(worst, failed[0].title, tuple(failed))


async def _why_stopped(snapshot: Snapshot, context: Context, where: Endpoint) -> list[Finding]:
    wanted = next((entry.product for entry in context.all_observed(Entry) if entry.product), None)
    # What the AI app's server needs comes first; then the add-on that is nearest to working.
    ranked = sorted(snapshot.bridges, key=lambda b: (wanted is not None and b.product != wanted.id, not b.enabled))
    evidence: dict[str, EvidenceValue] = {"endpoint": str(where)}
    if not ranked or (wanted is not None and ranked[0].product != wanted.id and not ranked[0].enabled):
        product = wanted or products.products()[0]
        evidence |= {"product": product.name, "_update": product.update}
        for path in snapshot.unlisted:
            read = await _read(path, context)
            if read.fault or not read.is_addon:
                fault = read.fault or "it does not say of itself that it is an add-on (bl_info)"
                return [finding("addon.corrupt", evidence | {"file": str(read.path), "fault": fault})]
        return [finding("addon.not-installed", evidence)]
    return await _of_bridge(ranked[0], snapshot, context, evidence)


async def _of_bridge(
    bridge: BridgeState, snapshot: Snapshot, context: Context, evidence: dict[str, EvidenceValue]
) -> list[Finding]:
    product = products.by_id(bridge.product)
    evidence |= {"product": product.name, "module": bridge.module, "version": ".".join(map(str, bridge.version))}
    evidence |= {"_name": bridge.name, "_update": product.update, "_start": product.start}
    if not bridge.enabled:
        return await _not_loaded(bridge, snapshot, context, evidence)
    # In the background no add-on can be started; that is `blender.background`.
    if bridge.running or snapshot.background:
        return []
    if bridge.start_failed:
        port = bridge.port or product.default_port
        reason = await in_thread(lambda: why_not_bound(port))
        free = await another_port(context) if reason else {}
        seen = (
            evidence | {"port": port, "bind_error": reason} | free | (moved(bridge, free["_free_port"]) if free else {})
        )
        return [finding("addon.start-failed", seen)]
    found = [finding("addon.not-started", evidence | {"_operator": product.start_operator or None})]
    if bridge.says_running:
        found.append(finding("addon.flag-stale", evidence))
    return found


async def _not_loaded(
    bridge: BridgeState, snapshot: Snapshot, context: Context, evidence: dict[str, EvidenceValue]
) -> list[Finding]:
    """It is installed and not at work: too new for this Blender, broken, without what it imports, or switched off."""
    if bridge.needs_blender > snapshot.version:
        needed = ".".join(map(str, bridge.needs_blender))
        evidence |= {"needs": needed, "blender": snapshot.version_string}
        return [finding("addon.incompatible", evidence), finding("blender.too-old", evidence)]
    product = products.by_id(bridge.product)
    read = await _read(bridge.file, context) if bridge.file else None
    if read is not None:
        evidence["file"] = str(read.path)
    if read is not None and read.fault:
        return [finding("addon.corrupt", evidence | {"fault": read.fault})]
    if read is not None and read.missing:
        modules = ", ".join(read.missing)
        python = f"Python {snapshot.python} of Blender {snapshot.version_string}"
        return [
            finding(
                "blender.module-missing",
                evidence | {"missing": modules, "python": python, "_packages": system_packages(read.missing, context)},
            ),
            finding("addon.import-failed", evidence | {"missing": modules, "_wanted": bridge.wanted}),
        ]
    if bridge.wanted:
        again: dict[str, EvidenceValue] = {"_update_again": product.update or None}
        again["_place_again"] = None if product.update else f"Edit > Preferences > Add-ons > {bridge.name}"
        return [finding("addon.import-failed", evidence | again | {"_wanted": True})]
    return [finding("addon.disabled", evidence)]


async def _read(path: Path, context: Context) -> AddonFile:
    return await in_thread(lambda: read_addon(path, context.ledger))


def _switched_off(snapshot: Snapshot, where: Endpoint) -> list[Finding]:
    """What the add-on that is at work could do and does not, in this file."""
    working = next((b for b in snapshot.bridges if b.running and b.port == where.port and b.features_off), None)
    if working is None:
        return []
    product = products.by_id(working.product)
    evidence: dict[str, EvidenceValue] = {"product": product.name, "off": working.features_off, "_panel": product.start}
    return [finding("addon.feature-off", evidence)]


async def _forestalled(snapshot: Snapshot, context: Context, where: Endpoint) -> list[Finding]:
    """Somebody answers at the port that this Blender's add-on is set to, and it is not this Blender."""
    stopped = [b for b in snapshot.bridges if b.enabled and not b.running and b.port == where.port]
    if not stopped or snapshot.background or any(b.running and b.port == where.port for b in snapshot.bridges):
        return []
    others = [at for at in await listening_at(where.port, context) if at.pid != snapshot.pid]
    if not others:
        return []
    product = products.by_id(stopped[0].product)
    evidence: dict[str, EvidenceValue] = {
        "endpoint": str(where),
        "port": where.port,
        "product": product.name,
        "module": stopped[0].module,
        "listener": tuple(str(at) for at in others),
        "_start": product.start,
    }
    free = await another_port(context)
    return [finding("addon.port-in-use", evidence | free | moved(stopped[0], free["_free_port"]))]
