# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed release of a server against the add-on that answers."""

from __future__ import annotations

import os
import shlex

from ..check import Context, Outcome
from ..knowledge import products
from ..knowledge.catalogue import finding
from ..model import EvidenceValue, Verdict
from ..probes.bridge import BridgeAnswer
from .entries import Entry, evidence_of
from .sdk import EnvironmentSeen, seen_for, version_of


async def release(context: Context) -> Outcome:
    """Whether the add-on that answers is newer than the server that is installed.

    Of a server whose release the command names, the check of the add-on's version says that already.
    """
    answer = context.observed(BridgeAnswer)
    protocol = answer.info.get("protocol_version") if answer and answer.info else None
    if isinstance(protocol, bool) or not isinstance(protocol, int) or context.target.expect_protocol:
        return Outcome(Verdict.SKIPPED)
    findings = []
    for entry in context.all_observed(Entry):
        seen, product = seen_for(entry, context), entry.product
        if seen is None or product is None or not seen.sure or products.named_release(entry.command, product):
            continue
        package = seen.environment.packages.get(seen.server)
        installed = version_of(package.version) if package else None
        expected = products.protocol_of_release(product, installed) if installed else 0
        if package is not None and 0 < expected < protocol:
            evidence: dict[str, EvidenceValue] = {
                "release": f"{package.name} {package.version}",
                "expected": expected,
                "protocol_version": protocol,
                "environment": str(seen.environment.root),
                "_upgrade": _upgrade(seen),
            }
            findings.append(finding("server.outdated", evidence_of(entry, context) | evidence))
    return Outcome(
        Verdict.WARN if findings else Verdict.SKIPPED, findings[0].title if findings else "", tuple(findings)
    )


def _upgrade(seen: EnvironmentSeen) -> str:
    root, kind = seen.environment.root, seen.environment.kind
    match kind:
        case "uv tool":
            return f"uv tool upgrade {root.name}"
        case "pipx":
            return f"pipx upgrade {root.name}"
        case "uv project" | "extension":
            return f"uv sync --upgrade --directory {shlex.quote(os.fspath(root.parent))}"
    return (
        f"uv pip install --upgrade --python {shlex.quote(os.fspath(seen.environment.python or 'python'))} {seen.server}"
    )
