# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's pinned requirements against what the entries name, what is installed, and what the servers tell."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..check import Context, Outcome
from ..knowledge import products, table
from ..knowledge.catalogue import finding
from ..knowledge.sdk_breaks import SDK
from ..model import EvidenceValue, Finding, Verdict
from ..probes.requirements import marker_variables
from .entries import Entry, evidence_of
from .imports import ImportsSeen
from .pinned import ways
from .sdk import EnvironmentSeen
from .server import ServerSeen

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Known:
    version: Version
    how: str
    entry: Entry
    sure: bool = True


async def pins(context: Context) -> Outcome:
    """Which pins are not met, or cannot be; of which packages the version is not known."""
    if not context.target.pins:
        return Outcome(Verdict.SKIPPED, "nothing is pinned")
    findings, unknown = list(_impossible(context)), list[str]()
    variables = _variables(context)
    for text in context.target.pins:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate(variables):
            continue  # it is for another system or another Python
        if (wrong := _misnamed(name)) is not None:
            findings.append(
                finding("server.pin-violated", {"pin": text, "package": name, **wrong}, verdict=Verdict.WARN)
            )
            continue
        known = list(_versions(name, context))
        if not any(one.sure for one in known):
            unknown.append(requirement.name)
        findings += (_violated(text, name, one, context) for one in known if not _meets(one.version, requirement))
    for verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN):
        if (first := next((found for found in findings if found.verdict is verdict), None)) is not None:
            told = Verdict.UNKNOWN if unknown and verdict is Verdict.WARN else verdict
            return Outcome(told, first.title, tuple(findings))
    if unknown:
        more = f" and {len(unknown) - _SHOWN} others" if len(unknown) > _SHOWN else ""
        return Outcome(Verdict.UNKNOWN, f"the version of {', '.join(unknown[:_SHOWN])}{more} is not known")
    return Outcome(Verdict.PASS)


def _variables(context: Context) -> dict[str, str]:
    """The variables of PEP 508 for markers in pins: those of the environment that was read."""
    seen = context.observed(EnvironmentSeen)
    known = marker_variables(seen.environment, context.machine.platform) if seen else None
    return {**(known or {"sys_platform": context.machine.platform}), "extra": ""}


def _meets(version: Version, requirement: Requirement) -> bool:
    return requirement.specifier.contains(version, prereleases=True)


def _violated(text: str, package: str, known: _Known, context: Context) -> Finding:
    evidence: dict[str, EvidenceValue] = evidence_of(known.entry, context)
    evidence |= {"package": package, "version": str(known.version), "pin": text, "how_known": known.how}
    evidence |= ways(known.entry, Requirement(text), context)
    return finding("server.pin-violated", evidence, verdict=None if known.sure else Verdict.UNKNOWN)


def _misnamed(package: str) -> dict[str, EvidenceValue] | None:
    """What is meant by a name that is no such package."""
    row = next((row for row in table("pins")["name"] if row["name"] == package), None)
    return {"meant": row["meant"], "why": row["why"]} if row else None


def _impossible(context: Context) -> Iterator[Finding]:
    """Pins that no version can meet, those of one package taken together."""
    together: dict[str, list[Requirement]] = {}
    for text in context.target.pins:
        requirement = Requirement(text)
        together.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    for package, requirements in together.items():
        specifiers = SpecifierSet(",".join(str(one.specifier) for one in requirements if str(one.specifier)))
        if not _can_be_met(specifiers):
            pin = " and ".join(str(one) for one in requirements)
            yield finding(
                "server.pin-violated", {"pin": pin, "package": package, "impossible": True}, verdict=Verdict.WARN
            )


def _can_be_met(specifiers: SpecifierSet) -> bool:
    """Whether some version meets all. One that does is at a bound, just beyond it, or beyond all of them."""
    bounds = [one.version.removesuffix(".*") for one in specifiers]
    near = [text + end for text in bounds for end in ("", ".dev0", ".post1", ".0.0.0.1", ".1", ".999")]
    for text in ("0", "0.0.0.1", "99999", *near):
        with contextlib.suppress(InvalidVersion):
            if specifiers.contains(Version(text), prereleases=True):
                return True
    return any(one.operator == "===" for one in specifiers)


def _versions(package: str, context: Context) -> Iterator[_Known]:
    """The versions of a package that are known, each with how; what is not sure only where nothing is, for an entry."""
    known = [*_told(package, context), *_installed(package, context)]
    certain = {id(one.entry) for one in known if one.sure}
    said: set[tuple[int, Version]] = set()
    for one in known:
        if (one.sure or id(one.entry) not in certain) and (id(one.entry), one.version) not in said:
            said.add((id(one.entry), one.version))
            yield one


def _told(package: str, context: Context) -> Iterator[_Known]:
    for entry in context.all_observed(Entry):
        named = products.named_version(entry.command, package)
        if named is not None:
            yield _Known(named, "the command in the configuration names it", entry)
    for seen in context.all_observed(ServerSeen):
        if package == SDK and seen.told_sdk:
            with contextlib.suppress(InvalidVersion):
                yield _Known(Version(seen.told_sdk), "the server says so", seen.launch.entry)


def _installed(package: str, context: Context) -> Iterator[_Known]:
    for loaded in context.all_observed(ImportsSeen):
        with contextlib.suppress(InvalidVersion):
            yield _Known(Version(loaded.version_of(package)), "its Python loads it", loaded.entry, loaded.sure)
    for seen in context.all_observed(EnvironmentSeen):
        found = seen.environment.packages.get(package)
        if found is not None:
            with contextlib.suppress(InvalidVersion):
                yield _Known(Version(found.version), seen.how_known, seen.entry, seen.sure)
