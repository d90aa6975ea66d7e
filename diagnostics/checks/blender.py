# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender itself: which one, in which mode, and whether it lets the bridge work."""

from __future__ import annotations

from collections.abc import Sequence

from ..check import Context, Outcome
from ..knowledge import products
from ..knowledge.catalogue import finding
from ..model import EvidenceValue, Finding, Snapshot, Verdict
from ..probes.bridge import BridgeAnswer
from ..probes.listeners import Listener, program_file
from ..text import one_line
from .entries import Entry, installed, typed
from .network.another_port import another_port
from .network.endpoint import Endpoint, LocalEndpoint, is_bridge, is_web, own_bridges
from .network.machine import listening_at, running_blenders

_INSTALLERS = (
    ("apt", ("sudo", "apt", "install"), "python3-"),
    ("dnf", ("sudo", "dnf", "install"), "python3-"),
    ("zypper", ("sudo", "zypper", "install"), "python3-"),
    ("pacman", ("sudo", "pacman", "-S"), "python-"),
)
"""What Linux systems install packages with, how, and what their packages of Python modules are called."""


async def state(context: Context) -> Outcome:
    """This Blender, from the snapshot; from outside, the Blender that the add-on tells of."""
    if context.snapshot is None:
        return _from_outside(context)
    if (remote := _offline_for(context)) is not None:
        return Outcome(Verdict.WARN, remote.title, (remote,))
    findings = tuple(_findings(context.snapshot, context))
    mode = " · in the background" if context.snapshot.background else ""
    summary = f"{context.snapshot.version_string} · Python {context.snapshot.python}{mode}"
    verdict = Verdict.FAIL if findings else Verdict.PASS
    return Outcome(verdict, findings[0].title if findings else summary, findings)


async def instances(context: Context) -> Outcome:
    """Whether several Blenders run, and which of them the AI app works with; and whether this one is in a sandbox."""
    where, snapshot = context.observed(Endpoint), context.snapshot
    findings = []
    if snapshot is not None and snapshot.sandbox:
        flatpak = snapshot.sandbox == "Flatpak"
        findings.append(finding("blender.sandboxed", {"sandbox": snapshot.sandbox, "_flatpak": flatpak}))
    if where is not None and context.observed(LocalEndpoint) is not None and not is_web(context):
        running = await running_blenders(context)
        if len(running) > 1:
            owner = next((at for at in await listening_at(where.port, context) if at.is_blender), None)
            own = snapshot.pid if snapshot else None
            evidence: dict[str, EvidenceValue] = {"instances": running, "owner": str(owner) if owner else None}
            evidence |= {"own": own, "_not_this": owner is not None and own is not None and owner.pid != own}
            findings.append(finding("blender.several-instances", evidence | await another_port(context)))
    return Outcome(Verdict.WARN if findings else Verdict.SKIPPED, "", tuple(findings))


def _offline_for(context: Context) -> Finding | None:
    """The warning that another computer was not contacted, because this Blender is set to stay offline."""
    reached, where = context.outcome("network.connect"), context.observed(Endpoint)
    if reached is None or where is None or reached.blocked_by != "blender.offline":
        return None
    evidence: dict[str, EvidenceValue] = {"endpoint": str(where), "online_access": False, "_remote": True}
    return finding("blender.offline", evidence, verdict=Verdict.WARN)


def _from_outside(context: Context) -> Outcome:
    if is_web(context):
        return Outcome(Verdict.SKIPPED, "not seen: the MCP server is reached over HTTP")
    answer = context.observed(BridgeAnswer)
    if answer is not None and is_bridge(answer):
        version = one_line(str((answer.info or {}).get("blender_version", "")), 40)
        return Outcome(
            Verdict.PASS, f"{version} · seen through its add-on" if version else "answers through its add-on"
        )
    listener = next((at for at in context.all_observed(Listener) if at.is_blender), None)
    if listener is not None:
        return Outcome(Verdict.PASS, f"runs as process {listener.pid}")
    waits_for = "addon.meaning" if answer is not None else "network.connect"
    return Outcome(Verdict.SKIPPED, "not seen from outside", blocked_by=waits_for)


def _findings(snapshot: Snapshot, context: Context) -> list[Finding]:
    answer, where = context.observed(BridgeAnswer), context.observed(Endpoint)
    if (
        is_web(context)
        or where is None
        or context.observed(LocalEndpoint) is None
        or (answer is not None and is_bridge(answer))
    ):
        return []
    found = []
    evidence: dict[str, EvidenceValue] = {
        "blender": snapshot.version_string,
        "python": snapshot.python,
        "background": snapshot.background,
        "online_access": snapshot.online_access,
        "bridges": tuple(f"{b.name} ({b.module}), {'enabled' if b.enabled else 'disabled'}" for b in snapshot.bridges),
    }
    enabled = [bridge for bridge in snapshot.bridges if bridge.enabled]
    if snapshot.background and enabled and _nobody_or_this_process(context, where):
        name = products.by_id(enabled[0].product).name
        background = _with_a_window(snapshot, enabled[0].product, context)
        found.append(finding("blender.background", evidence | background | {"product": name}))
    lab = next((b for b in enabled if b.product == "blender-lab" and not b.running), None)
    wanted = {entry.product.id for entry in context.all_observed(Entry) if entry.product}
    concerned = lab is not None and (lab.product in wanted or all(bridge.product == lab.product for bridge in enabled))
    if lab is not None and concerned and not snapshot.online_access and not snapshot.background:
        found.append(
            finding("blender.offline", evidence | {"product": products.by_id(lab.product).name, "_local": True})
        )
    return found


def _with_a_window(snapshot: Snapshot, product: str, context: Context) -> dict[str, EvidenceValue]:
    """How this very Blender is started so that its add-on works."""
    file = program_file(snapshot.pid) or "blender"
    command = ["--background", "--online-mode", "--command", "blender_mcp"]
    return {
        "_blender_command": typed([file], context),
        "_xvfb": typed(["xvfb-run", "-a", file], context) if context.machine.platform == "linux" else None,
        "_lab_command": typed([file, *command], context) if product == "blender-lab" else None,
    }


def system_packages(modules: Sequence[str], context: Context) -> str | None:
    """The command that installs these Python modules for a Linux system's own Python; None where it is not known."""
    if context.machine.platform != "linux":
        return None
    for program, words, prefix in _INSTALLERS:
        if installed(program, context).path is not None:
            return typed([*words, *(f"{prefix}{module}" for module in modules)], context)
    return None


def _nobody_or_this_process(context: Context, where: Endpoint) -> bool:
    """Nothing listens at the endpoint, or this very process does and stays silent."""
    reached = context.outcome("network.connect")
    if reached is not None and any(found.id == "network.refused" for found in reached.findings):
        return True
    assert context.snapshot is not None  # noqa: S101  # the caller has one
    own = any(bridge.port == where.port for bridge in own_bridges(context))
    return own or any(at.pid == context.snapshot.pid for at in context.all_observed(Listener))
