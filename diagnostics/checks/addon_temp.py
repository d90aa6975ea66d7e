# SPDX-License-Identifier: GPL-3.0-or-later
"""Server and add-on hand files to each other in the folder for temporary files: do they see the same one?"""

from __future__ import annotations

from ..check import Context, Outcome
from ..knowledge import table
from ..knowledge.catalogue import finding
from ..knowledge.launchers import inside, name_of
from ..model import EvidenceValue, Verdict
from .entries import Entry, command_line, evidence_of
from .network.endpoint import is_web


async def temp(context: Context) -> Outcome:
    """Whether a Blender in a sandbox, or a server in another system, keeps them apart."""
    entries = [entry for entry in context.all_observed(Entry) if entry.product is not None]
    if is_web(context) or not entries:
        return Outcome(Verdict.SKIPPED)
    sandbox = context.snapshot.sandbox if context.snapshot else ""
    findings = []
    for entry in entries:
        seen, systems = inside(entry.command), table("programs")["other_systems"]
        programs = (*seen.through, name_of(seen.command.program))
        apart = next((systems[program] for program in programs if program in systems), None)
        if apart is None and sandbox != "Flatpak":
            continue  # a snap sees the system's folder for temporary files under a name of its own, and so does Blender
        evidence: dict[str, EvidenceValue] = {"command": command_line(entry, context), "system": apart}
        evidence |= {"_own_localhost": apart is not None and entry.endpoint[0] in {None, "localhost", "127.0.0.1"}}
        flatpak = sandbox == "Flatpak" and apart is None
        findings.append(finding("addon.shared-temp", evidence_of(entry, context) | evidence | {"_flatpak": flatpak}))
    return Outcome(Verdict.WARN if findings else Verdict.PASS, "", tuple(findings))
