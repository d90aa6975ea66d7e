# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain against the lock file: is it what was recorded when it worked?"""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

from ..check import Context, Outcome
from ..knowledge import products
from ..knowledge.catalogue import finding
from ..lock import Difference, differences, label, requirements_beside, spoken_day, unlearnt
from ..model import EvidenceValue, Lock, Verdict, WorkingSet
from ..probes.background import in_thread
from ..probes.listing import printed
from .entries import Entry, Launch, evidence_of, typed
from .sdk import with_pin
from .server import ServerSeen
from .working_set import UvSeen, environment_of, working_set

_INSTALLED = {"packages", "server_version", "sdk_version"}
_MOST_PINS = 5
"""Packages that a command can hold; more of them read better in a file of requirements."""


async def lock(context: Context) -> Outcome:
    """What is otherwise than the lock has it, and what of the lock this run did not learn."""
    known = context.target.lock
    uv = await _uv_version(context) if context.target.ask_versions else None
    asked = (uv,) if uv else ()
    if known is None:
        return Outcome(Verdict.SKIPPED, "no lock file was given", observations=asked)
    context.ledger.read(known.file)
    now = await in_thread(lambda: working_set(context))
    if uv is not None:
        now = dataclasses.replace(now, uv_version=uv.version)
    other, missing = differences(known.working, now), unlearnt(known.working, now)
    findings = []
    if other:
        evidence = _evidence(known, context) | {"differences": tuple(map(str, other)), "_failed": context.target.locked}
        evidence |= _ways_back(known, other, context)
        verdict = Verdict.FAIL if context.target.locked else Verdict.WARN
        findings.append(finding("server.lock-drift", evidence, verdict=verdict))
    if missing and not _broken(context):
        evidence = _evidence(known, context) | {"unlearnt": missing, "_not_started": _not_started(context)}
        only_inside = label("addon_sha256", now) in missing and context.snapshot is None
        findings.append(finding("server.lock-unknown", evidence | {"_outside": only_inside}))
    if other and context.target.locked:
        verdict = Verdict.FAIL
    elif missing:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.WARN if other else Verdict.PASS
    return Outcome(verdict, findings[0].title if findings else "", tuple(findings), asked)


def _evidence(known: Lock, context: Context) -> dict[str, EvidenceValue]:
    path = str(known.file)
    return {"lock": path, "day": spoken_day(known.day, context.today), "_word": typed([path], context)}


def _broken(context: Context) -> bool:
    """Something else is broken, which is why not everything was learnt, and is told by its own finding."""
    ended = [context.outcome(name) for name in ("network.connect", "launcher.command", "server.handshake")]
    return any(one is not None and one.verdict is Verdict.FAIL for one in ended)


def _not_started(context: Context) -> bool:
    """There is a server that could be started, and it was not."""
    return bool(context.all_observed(Entry)) and not context.all_observed(ServerSeen)


def _ways_back(known: Lock, other: tuple[Difference, ...], context: Context) -> dict[str, EvidenceValue]:
    """How to get what the lock has recorded: in the entry's arguments, in the server's environment, as the add-on."""
    found, was = dict[str, EvidenceValue](), known.working
    entry = next(iter(context.all_observed(Entry)), None)
    if entry is not None:
        found = evidence_of(entry, context) | {"_pinned": _pinned(entry, was, other)}
        found["_install"] = _install(known, entry, context) if any(one.field in _INSTALLED for one in other) else ""
    if any(one.field.startswith("addon_") for one in other) and was.server_version:
        product = next((one for one in products.products() if was.server_package in one.packages), None)
        if product is not None and product.update:
            found["_addon"] = product.update.replace("@latest", f"@{was.server_version}")
    return found


def _install(known: Lock, entry: Entry, context: Context) -> str:
    """The command that installs what is pinned beside the lock, where the environment is one that people keep."""
    requirements, place = requirements_beside(known.file), environment_of(entry, context)
    if place is None or place.kind != "virtual environment" or place.python is None or not requirements.is_file():
        return ""
    argv = ["uv", "pip", "sync", "--require-hashes", "--python", str(place.python), str(requirements.absolute())]
    return typed(argv, context)


def _pinned(entry: Entry, was: WorkingSet, other: tuple[Difference, ...]) -> str:
    """The arguments of the entry with the recorded versions in them, as JSON text; "" where that cannot be said."""
    pins = {one.name: one.was for one in other if one.field in {"packages", "sdk_version"} and one.was}
    changed = {one.field for one in other}
    if "server_package" in changed or len(pins) > _MOST_PINS:
        return ""
    command, args = entry.command, entry.command.args
    if "server_version" in changed:
        args = tuple(_with_version(word, was.server_package, was.server_version) for word in args)
        if args == command.args:
            pins[was.server_package] = was.server_version
    command = dataclasses.replace(command, args=args)
    for name, version in reversed(pins.items()):
        with_it = with_pin(dataclasses.replace(entry, command=command), f"{name}=={version}")
        if not with_it:
            return ""
        command = dataclasses.replace(command, args=tuple(json.loads(with_it)))
    return json.dumps(list(command.args), ensure_ascii=False) if command.args != entry.command.args else ""


def _with_version(word: str, package: str, version: str) -> str:
    """The word of a command line, with this version where it names the package."""
    match = re.fullmatch(rf"({re.escape(package)}(?:\[[^\]]*\])?)(?:(?:==|@).*)?", word)
    return f"{match[1]}=={version}" if match else word


async def _uv_version(context: Context) -> UvSeen | None:
    """The version of the very uv by which the server is started, if that may be started."""
    for launch in context.all_observed(Launch):
        if launch.allowed and _is_uv(launch.program):
            said = (await printed((str(launch.program), "--version"), context.ledger)).decode("utf-8", "replace")
            match = re.match(r"uvx? (\d[\w.+-]{0,40})", said)
            return UvSeen(match[1]) if match else None
    return None


def _is_uv(program: Path) -> bool:
    return program.name.removesuffix(".exe") in {"uv", "uvx"}
