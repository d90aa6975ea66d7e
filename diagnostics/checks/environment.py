# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python environment of each entry, read from its files: can the server that is installed there work?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from ..check import Context, Outcome
from ..knowledge import products, sdk_breaks
from ..knowledge.catalogue import finding
from ..knowledge.sdk_breaks import SDK
from ..model import EvidenceValue, Finding, Verdict
from ..probes.background import in_thread
from ..probes.environment import (
    Listings,
    Package,
    entry_points_of,
    has_module,
    is_file,
    is_folder,
    missing_module,
    modules_of,
)
from ..probes.launch_environment import LaunchEnvironment, find_launch_environment
from ..probes.module_imports import Import, Source, is_unguarded, module_of_program
from ..probes.requirements import Need, allows, needs, parsed
from .entries import Entry, Launch, evidence_of
from .launch_line import started_program
from .sdk import EnvironmentSeen, Suspicion, holds_sdk_back, of_break, open_pin_evidence, repair, version_of, will_start


async def environment(context: Context) -> Outcome:
    """Reads what each command would use. What its own start will show is left to that, where it is started."""
    launches = context.all_observed(Launch)
    if not launches:
        return Outcome(Verdict.SKIPPED)
    looked = await in_thread(lambda: [_look(launch, context) for launch in launches])
    seen = tuple(one for one, _findings in looked if one is not None)
    findings = tuple(found for _one, several in looked for found in several)
    # That the files are in order does not say that the server works.
    worst = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN)
    first = next((found for verdict in worst for found in findings if found.verdict is verdict), None)
    return Outcome(
        first.verdict if first else Verdict.SKIPPED,
        first.title if first else "",
        findings,
        seen,
        transcript=(_summary(seen),),
    )


def _summary(seen: tuple[EnvironmentSeen, ...]) -> str:
    said = []
    for one in seen:
        packages = one.environment.packages
        named = [f"{name} {packages[name].version}" for name in dict.fromkeys((one.server, SDK)) if name in packages]
        python = one.environment.python_version
        said.append(", ".join([f"{one.environment.kind} at {one.environment.root}", f"Python {python}", *named]))
    return "; ".join(said) or "not found by reading"


def _look(launch: Launch, context: Context) -> tuple[EnvironmentSeen | None, list[Finding]]:
    entry = launch.entry
    named = entry.product.packages if entry.product else ()
    final = started_program(launch, context)
    if final is None:
        return None, []
    found = find_launch_environment(
        final.command, final.program, final.environ, context.machine, context.ledger, closely=(SDK, *named)
    )
    if found is None:
        return None, []
    started = _started(found, named)
    suspicions = list(_suspicions(_looked(entry, found, started, context)))
    later = will_start(launch, context)
    seen = EnvironmentSeen(
        entry, found.environment, started.package, found.sure, tuple(suspicions) if later and found.sure else ()
    )
    findings = []
    if suspicions and not later:
        verdict = None if found.sure else Verdict.UNKNOWN  # uv decides anew when the app starts it
        known: dict[str, EvidenceValue] = {"how_known": seen.how_known, "_untested": True}
        findings = [finding(one.cause, {**one.evidence, **known}, verdict=verdict) for one in suspicions]
    if not suspicions and found.sure:
        findings += _open_pin(seen, context)
    return seen, findings


@dataclass(frozen=True, slots=True)
class _Started:
    """What the command starts in its environment."""

    package: str = ""
    module: str = ""
    script: Path | None = None


@dataclass(frozen=True, slots=True)
class _Looked:
    entry: Entry
    found: LaunchEnvironment
    started: _Started
    context: Context
    folders: tuple[Path, ...]
    """Where the started Python looks for modules, in this order."""
    source: Source
    imports: tuple[Import, ...]
    """What is imported of the SDK as soon as the server starts."""


def _looked(entry: Entry, found: LaunchEnvironment, started: _Started, context: Context) -> _Looked:
    first = (found.first,) if found.first else ()
    folders = (*first, *found.others, *found.environment.folders)
    source = Source(folders, context.ledger)
    outside: tuple[Import, ...] = ()
    if started.script is not None:
        outside = source.follow("", started.script)
    elif (name := started.module) and name != SDK:
        runs_package = found.module == name and source.has(f"{name}.__main__") is not None
        outside = source.follow(f"{name}.__main__" if runs_package else name)
    imports = tuple(one for one in outside if one.module.partition(".")[0] == SDK)
    return _Looked(entry, found, started, context, folders, source, imports)


def _started(found: LaunchEnvironment, named: tuple[str, ...]) -> _Started:
    packages = found.environment.packages
    if found.script is not None:
        return _Started(script=found.script)
    if found.module:
        top = found.module.partition(".")[0]
        likely = dict.fromkeys([top.replace("_", "-"), *named])
        owner = next((name for name in likely if name in packages and top in modules_of(packages[name])), "")
        return _Started(owner, found.module)
    requested = found.requested[0].name if found.requested else ""
    likely = dict.fromkeys([canonicalize_name(requested), canonicalize_name(found.program), *named, *packages])
    for name in likely:
        points = entry_points_of(packages[name]) if name in packages else {}
        if found.program in points:
            return _Started(name, points[found.program].partition(":")[0])
    return _Started(
        canonicalize_name(requested) if canonicalize_name(requested) in packages else "",
        module_of_program(found.environment.root, found.program) if not found.requested else "",
    )


def _suspicions(looked: _Looked) -> Iterator[Suspicion]:
    """What will keep the server from starting: the first kind that is seen."""
    if missing := _missing(looked):
        yield missing
        return
    conflicts = list(_conflicts(looked))
    yield from conflicts
    about_sdk = any(one.evidence["package"] == SDK for one in conflicts)
    if not about_sdk and (broken := _incompatible(looked)):
        yield broken


def _missing(looked: _Looked) -> Suspicion | None:
    """The SDK or the server itself is not there, is half removed, or another file takes its place."""
    module, packages = looked.started.module, looked.found.environment.packages
    outside = looked.imports
    if (shadow := _shadow(looked)) is not None and outside:
        renamed = shadow.with_name(f"own_{shadow.name}")
        rename = shlex.join(["mv", str(shadow), str(renamed)])
        if looked.context.machine.platform == "win32":
            rename = f'ren "{shadow}" "{renamed.name}"'
        return _suspect(looked, "server.sdk-missing", {"module": SDK, "shadow": str(shadow), "_rename": rename})
    # `python -m` looks in the folder where it is started too, which an entry without `cwd` leaves to the app.
    elsewhere = bool(looked.found.module) and looked.found.first is None
    owner = looked.started.package or module.partition(".")[0].replace("_", "-")
    wanted = [(module, owner)] if module and not elsewhere else []
    wanted += [(SDK, SDK)] if outside else []
    for name, package in wanted:
        damage = packages[package].damage if package in packages else ""
        if has_module(name, looked.folders) is None and (looked.found.environment.complete or damage):
            return _absent(looked, name, package, damage)
        if "files are missing" in damage:
            return _absent(looked, name, package, damage)
    return None


def _absent(looked: _Looked, module: str, package: str, damage: str) -> Suspicion:
    known = {SDK, *(name for product in products.products() for name in product.packages)}
    what = package if package in known or package in looked.found.environment.packages else ""
    evidence: dict[str, EvidenceValue] = {"module": module, "damage": damage}
    # Which package brings a module that nothing here knows cannot be told.
    evidence["_repair"] = repair(looked.found.environment, _release(looked, what), looked.context) if what else None
    return _suspect(looked, "server.sdk-missing", evidence)


def _release(looked: _Looked, what: str) -> str:
    """The package in the release that is recorded, or that the server asks for: the newest may not be the right one."""
    packages = looked.found.environment.packages
    if what in packages and packages[what].version:
        return f"{what}=={packages[what].version}"
    server = packages.get(looked.started.package)
    wanted = (parsed(text) for text in (server.requires if server else ()))
    return next((_plain(one) for one in wanted if one and canonicalize_name(one.name) == what), what)


def _shadow(looked: _Looked) -> Path | None:
    """A file or folder called like the SDK where Python looks before it comes to the installed one."""
    for folder in (looked.found.first, *looked.found.others):
        there = has_module(SDK, (folder,)) if folder else None
        # A folder without __init__.py gives way to a package that comes later; one with `server` in it is an SDK.
        if there is not None and is_file(there) and not is_folder(there.parent / "server"):
            return there.parent if there.name == "__init__.py" else there
    return None


def _conflicts(looked: _Looked) -> Iterator[Suspicion]:
    """Requirements among those that the server leads to which the installed packages do not meet, or half of them."""
    described, package = looked.found.environment, looked.started.package
    roots = looked.found.requested or ((Requirement(package),) if package else ())
    said: set[str] = set()
    listings, closely = Listings(), {SDK, package, *(canonicalize_name(root.name) for root in roots)}
    for need in needs(described, roots, looked.context.machine.platform):
        installed = described.packages.get(need.name)
        if need.name in said or (installed is None and not (described.complete and need.by)):
            continue
        said.add(need.name)
        if installed is None or not allows(need.requirement, installed.version):
            yield _conflict(looked, need, installed)
        # The files of the SDK and of the server are looked at one by one.
        elif need.name not in closely and (gone := missing_module(installed, listings)):
            yield _conflict(looked, need, installed, gone)


def _conflict(looked: _Looked, need: Need, installed: Package | None, gone: str = "") -> Suspicion:
    owner = looked.found.environment.packages.get(need.by)
    evidence: dict[str, EvidenceValue] = {
        "by": f"{owner.name} {owner.version}" if owner else "the command",
        "requirement": _plain(need.requirement),
        "package": need.name,
        "version": installed.version if installed and not gone else None,
        "gone": gone,
        "_absent": installed is None,
        "_repair": repair(
            looked.found.environment, _release(looked, need.name) if gone else _plain(need.requirement), looked.context
        ),
    }
    return _suspect(looked, "server.dependency-conflict", evidence)


def _plain(requirement: Requirement) -> str:
    """The requirement without its marker."""
    return str(requirement).partition(";")[0].strip()


def _incompatible(looked: _Looked) -> Suspicion | None:
    """The server imports, or passes, what the installed SDK does not have."""
    package = looked.found.environment.packages.get(SDK)
    version = version_of(package.version) if package else None
    if package is None or version is None:
        return None
    source = looked.source
    for one in looked.imports:
        known = sdk_breaks.of_import(one.module, one.name, version)
        if (known or source.lacks(one)) and is_unguarded(one, source.files[one.file]):
            return _breaks(looked, known, str(one), one.file, one.line)
    for known in sdk_breaks.breaks():
        function, _colon, keyword = known.call.partition(":")
        call = next(source.calls(function, keyword), None) if function and Version(known.since) <= version else None
        if call is not None:
            return _breaks(looked, known, f"{function}({keyword}=…)", call.file, call.line)
    return _of_release(looked, version)


def _of_release(looked: _Looked, version: Version) -> Suspicion | None:
    """A release of a known server that is known to have been written for the SDK before the break."""
    known, product = sdk_breaks.next_incompatible(), looked.entry.product
    server = looked.found.environment.packages.get(looked.started.package)
    if server is None or product is None or not product.ceiling_since or server.name not in product.packages:
        return None
    release = version_of(server.version)
    if release is None or release >= Version(product.ceiling_since) or version < Version(known.since):
        return None
    return _breaks(looked, known, "", server.location, 0)


def _breaks(looked: _Looked, known: sdk_breaks.Break | None, said: str, file: Path, line: int) -> Suspicion:
    installed = looked.found.environment.packages[SDK].version
    evidence: dict[str, EvidenceValue] = {
        "installed": f"{SDK} {installed}",
        "says": said,
        "source": f"{file}, line {line}" if line else str(file),
    }
    if known is not None:
        evidence |= of_break(known, looked.entry, looked.context, looked.found.environment)
    else:
        evidence["what"] = f"it says “{said}”, which the installed {SDK} {installed} does not have"
        evidence["_reinstall"] = repair(looked.found.environment, looked.started.package or SDK, looked.context)
    return _suspect(looked, "server.sdk-incompatible", evidence)


def _suspect(looked: _Looked, cause: str, evidence: dict[str, EvidenceValue]) -> Suspicion:
    known = evidence_of(looked.entry, looked.context)
    return Suspicion(cause, {**known, "environment": str(looked.found.environment.root), **evidence})


def _open_pin(seen: EnvironmentSeen, context: Context) -> Iterator[Finding]:
    """A server that works with the installed SDK and lets the next, incompatible one in."""
    packages, known = seen.environment.packages, sdk_breaks.next_incompatible()
    server, sdk = packages.get(seen.server), packages.get(SDK)
    version = version_of(sdk.version) if sdk else None
    if server is None or version is None or version >= Version(known.since) or holds_sdk_back(seen.entry):
        return
    required = [one for text in server.requires if (one := parsed(text)) and one.name.lower() == SDK and not one.marker]
    if required and all(sdk_breaks.lets_in(one, known) for one in required):
        yield finding("server.sdk-pin-open", open_pin_evidence(seen.entry, f"{server.name} {server.version}", context))
