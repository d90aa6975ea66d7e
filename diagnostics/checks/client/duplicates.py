# SPDX-License-Identifier: GPL-3.0-or-later
"""Several Blender servers in one app, which fight for the same Blender.

Asked when it is known which of them can be started: one whose program is missing has a finding of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...check import Context, Outcome
from ...knowledge import products
from ...knowledge.catalogue import finding
from ...model import EvidenceValue, FileEdit, Finding, Link, Operation, Remove, SetValue, Verdict
from ..entries import Entry
from ..repairs.offer import offered

_MOST = 4
"""Entries among which one chooses."""


async def duplicates(context: Context) -> Outcome:
    """Whether an app starts several Blender servers that look for Blender at the same place."""
    findings = tuple(_duplicates([one for one in context.all_observed(Entry) if _may_start(one, context)], context))
    if not findings:
        return Outcome(Verdict.SKIPPED)
    failed = any(found.verdict is Verdict.FAIL for found in findings)
    return Outcome(Verdict.FAIL if failed else Verdict.WARN, "", findings)


def _may_start(entry: Entry, context: Context) -> bool:
    """Whether nothing is known that keeps the app from starting this entry's program."""
    place = {"app": entry.app.name, "entry": entry.name, "file": str(entry.file), "line": entry.line}
    return not any(
        found.link is Link.LAUNCHER and found.verdict is Verdict.FAIL and place.items() <= found.evidence.items()
        for found in context.findings
    )


def _duplicates(entries: Sequence[Entry], context: Context) -> Iterator[Finding]:
    """Entries of one app that look for Blender at the same place. Of several products only one can find its add-on."""
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.app.id, entry.scope, place_of(entry)), []).append(entry)
    for group in groups.values():
        names = {entry.product.id for entry in group if entry.product}
        if len(group) > 1:
            first = group[0]
            several = len(names) > 1
            evidence: dict[str, EvidenceValue] = {
                "app": first.app.name,
                "file": str(first.file),
                "line": first.line,
                "entries": tuple(f"“{entry.name}” ({entry.file}, line {entry.line})" for entry in group),
                "products": tuple(sorted({entry.product.name for entry in group if entry.product})),
                "_several": several,
                "_keep": first.name,
                "_restart": first.app.how_to_restart(context.machine),
            }
            verdict = Verdict.FAIL if several else Verdict.WARN
            yield _with_choice(finding("client.duplicate-servers", evidence, verdict=verdict), group)


def _with_choice(found: Finding, group: Sequence[Entry]) -> Finding:
    """A repair for each entry that may be the one to keep. Entries of several files, or of an extension, stay."""
    app, file = group[0].app, group[0].file
    if len(group) > _MOST or any(entry.place is None or entry.file != file for entry in group):
        return found
    switch = next(iter(app.off.items()), None)
    for kept in group:
        others = [entry.place for entry in group if entry is not kept and entry.place is not None]
        steps: list[Operation] = [
            Remove(place.keys) if switch is None else SetValue((*place.keys, switch[0]), switch[1]) for place in others
        ]
        edit = FileEdit(file, others[0].sha256, app.id, tuple(steps))
        found = offered(found, "keep-only" if switch is None else "keep-off", edit, entry=kept.name)
    return found


def place_of(entry: Entry) -> str:
    """Where the server of an entry looks for Blender: what is configured, else what its product uses."""
    host, port = entry.endpoint
    product = entry.product or products.products()[0]
    name = "localhost" if host in {None, "127.0.0.1", "::1"} else host
    return f"{name}:{port or product.default_port}"
