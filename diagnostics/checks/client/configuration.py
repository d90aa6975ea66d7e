# SPDX-License-Identifier: GPL-3.0-or-later
"""The AI apps and their configuration: is it there, can the app read it, does it start a Blender MCP server?"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from ...check import Context, Outcome
from ...knowledge import products, table
from ...knowledge.apps import App, folders
from ...knowledge.catalogue import finding
from ...model import EvidenceValue, Finding, Verdict
from ...redaction import secret_words, setting
from ..entries import Entry
from .adding import with_new_entry
from .looking import Looked, look, wanted_apps
from .protected import in_protected_folders
from .writing import new_entry, new_file


async def configuration(context: Context) -> Outcome:
    """Reads what the AI apps have configured and keeps the entries that are about Blender."""
    wanted = wanted_apps(context)
    looked = [look(app, context) for app in wanted]
    keep_secrets(looked, context)
    entries = tuple(entry for one in looked for entry in _once(one.entries))
    remote = tuple(entry for one in looked for entry in one.remote)
    set_up = bool(entries or remote)
    findings = [*_findings(looked, set_up), *in_protected_folders(entries, context)]
    present = [one for one in looked if one.files]
    if not present and not set_up and not findings:
        missing = _none_found(wanted, context)
        return Outcome(Verdict.SKIPPED, missing.title if context.target.apps else "no AI app found", (missing,))
    failed = next((found for found in findings if found.verdict is Verdict.FAIL), None)
    if failed is None and not set_up:
        missing = _no_entry(present, context)
        return Outcome(Verdict.FAIL, "no Blender server configured", (missing, *findings))
    summary = failed.title if failed else _summary(looked, len(entries) + len(remote))
    return Outcome(Verdict.FAIL if failed else Verdict.PASS, summary, tuple(findings), (*entries, *remote))


def keep_secrets(looked: Sequence[Looked], context: Context) -> None:
    """Notes which texts of the entries must not be shown."""
    plain = {"PATH"} | {name for product in products.products() for name in product.address_variables}
    for command in (entry.command for one in looked for entry in one.entries):
        context.secrets.update(
            setting(name, value) for name, value in command.env.items() if value and name not in plain
        )
        context.secrets.update(secret_words(command.argv))


def _once(entries: Sequence[Entry]) -> list[Entry]:
    """Without those that are the same as another of this app, such as one for each of its projects.

    Two names for one command stay: the app starts both.
    """
    return list({(entry.name, entry.command.digest): entry for entry in reversed(entries)}.values())[::-1]


def _findings(looked: Sequence[Looked], set_up: bool) -> list[Finding]:
    """What is wrong. Where one app is set up, a file of another one that is about other things breaks nothing here."""
    found: list[Finding] = []
    for one in looked:
        weighed = one.refused if one.about_blender or not set_up else tuple(map(_told_only, one.refused))
        unused = one.unused if not set_up else tuple(map(_told_only, one.unused))
        found += (*weighed, *one.findings, *unused)
    return found


def _told_only(found: Finding) -> Finding:
    return dataclasses.replace(found, verdict=Verdict.SKIPPED)


def _summary(looked: Sequence[Looked], count: int) -> str:
    names = ", ".join(one.app.name for one in looked if one.entries or one.remote)
    return f"{names} · {count} Blender server{'' if count == 1 else 's'}"


def _none_found(wanted: Sequence[App], context: Context) -> Finding:
    looked_at = tuple(
        str(base / name) for app in wanted for base in folders(app, context.machine) for name in app.files
    )
    first = wanted[0]
    file = next((base / first.files[0] for base in folders(first, context.machine)), Path(first.files[0]))
    words: dict[str, EvidenceValue] = {"_apps": ", ".join(app.name for app in wanted), "_first": first.name}
    words |= {"_sought": sought(context), "_any": not context.target.apps, "_file": str(file)}
    return finding("client.none-found", {"looked_at": looked_at, **words, "_entry": new_file(first, context)})


def sought(context: Context) -> str:
    """What was looked for: the AI apps that the user named, else words for any."""
    named = context.target.apps
    return ", ".join(app.name for app in wanted_apps(context)) if named else str(table("words")["sought"]["any"])


def _no_entry(present: Sequence[Looked], context: Context) -> Finding:
    app, file = present[0].app, present[0].files[0]
    evidence: dict[str, EvidenceValue] = {"app": app.name, "file": str(file), "_key": app.key}
    evidence["_restart"] = app.how_to_restart(context.machine)
    others = tuple(one.app.name for one in present[1:])
    entry = new_entry(app, context)
    inside = app.format != "toml"
    evidence |= {"_inside": inside, "_table": not inside, "_entry": entry, "others": others}
    found = finding("client.no-blender-entry", evidence)
    place = next((one for one in present[0].readable if one.file == file), None)
    return found if place is None else with_new_entry(found, app, place, context)
