# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a server work in an environment that is made for it anew? Tried only when the user asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from packaging.requirements import Requirement

from ..check import Context, Outcome
from ..knowledge.catalogue import finding, note, step
from ..knowledge.sdk_breaks import SDK
from ..model import EvidenceValue, Finding, Link, Verdict
from ..probes.isolation import Isolated, Recipe, clean_folder, try_isolated
from ..probes.resolution import resolving_options
from ..protocols.python_command import read_python_command
from ..redaction import hide
from ..text import one_line
from .entries import Entry, Launch, command_line, evidence_of, installed
from .imports import lines_of, modules_of_server, told_of
from .last_words import cause_in
from .resolution import may_go_online, uv_request
from .sdk import holds_sdk_back, open_pin_evidence, seen_for, will_start
from .server import server_of

_MARGIN_S = 2.0
"""Kept for removing the environment and for the rest of the run."""
_PLACE = "clean"
"""Folder below the doctor's own in which clean environments are made."""
_NAMED_BEFORE = ("server.environment", "server.handshake", "server.imports", "server.resolution")


@dataclass(frozen=True, slots=True)
class IsolatedSeen:
    """What a clean environment showed for an entry."""

    entry: Entry
    recipe: Recipe
    isolated: Isolated


async def isolation(context: Context) -> Outcome:
    """Makes a clean environment for each server that may be started, one after the other, and tries it there."""
    if not context.target.isolate:
        return Outcome(Verdict.SKIPPED)
    launches = [launch for launch in context.all_observed(Launch) if will_start(launch, context)]
    if not launches:
        told = tuple(
            note(
                "clean_unknown",
                {"entry": entry.name, "reason": "it was not started; allow that first, or add --launch"},
            )
            for entry in context.all_observed(Entry)
        )
        return Outcome(Verdict.SKIPPED, "no server may be started", notes=told)
    seen, notes, unknown = [], [], []
    for launch in launches:
        recipe = _recipe(launch, context)
        if isinstance(recipe, str):
            unknown.append(note("clean_unknown", {"entry": launch.entry.name, "reason": recipe}))
            continue
        try:
            seen.append(IsolatedSeen(launch.entry, recipe, await _try(recipe, context)))
        except OSError as error:
            reason = f"no folder could be made for it: {error.strerror or error}"
            unknown.append(note("clean_unknown", {"entry": launch.entry.name, "reason": reason}))
    findings = [found for one in seen for found in _findings(one, context)]
    notes = [_note(one, context) for one in seen] + unknown
    verdict = Verdict.PASS if all(one.isolated.worked for one in seen) else Verdict.FAIL
    return Outcome(
        Verdict.UNKNOWN if unknown else verdict,
        notes[0],
        tuple(findings),
        tuple(seen),
        transcript=tuple(line for one in seen for line in _lines(one)),
        notes=tuple(notes),
    )


async def _try(recipe: Recipe, context: Context) -> Isolated:
    own = context.target.own_folder
    requested = ", ".join(recipe.requirements)
    async with clean_folder(own / _PLACE if own else None, context.ledger) as folder:
        tried = await try_isolated(
            recipe,
            folder=folder,
            online=may_go_online(context),
            ledger=context.ledger,
            remaining_s=lambda: context.remaining_s - _MARGIN_S,
            say=lambda name: context.say("server.isolation", step(name, {"requested": requested})),
        )
        # The folder is gone when this is read.
        told = tuple(
            one_line(hide(line, context.secrets).replace(str(folder / "env"), "the environment"), 300)
            for line in tried.reason
        )
        return replace(tried, reason=told)


def _recipe(launch: Launch, context: Context) -> Recipe | str:
    """How the server is to be installed and started anew, or why that is not known, in words."""
    entry, uv = launch.entry, installed("uv", context).path
    python, options = "", tuple[str, ...]()
    if (asked := uv_request(launch)) is not None:
        command, request = asked
        requirements = tuple(str(one) for one in (request.tool, *request.extra))
        program, args = command.words[0].partition("@")[0].partition("=")[0].partition("[")[0], command.words[1:]
        python, options = command.value("--python"), resolving_options(command)
        options = tuple(word for word in options if word != "--offline")
    else:
        seen = seen_for(entry, context)
        package = seen.environment.packages.get(seen.server) if seen else None
        if package is None:
            return "which package the command starts is not known"
        requirements = (f"{package.name}=={package.version}",)
        started = read_python_command(launch.program.name, entry.command.args)
        if started is not None and not started.module:
            return "the command starts a file, and not a package"
        program = "" if started is not None else launch.program.name.removesuffix(".exe")
        args = entry.command.args
        if seen is not None and seen.environment.python is not None and seen.environment.python_version:
            python = ".".join(seen.environment.python_version.split(".")[:2])
    if uv is None:
        found = next((p for name in ("python3", "python") if (p := installed(name, context).path)), None)
        if found is None:
            return "neither uv nor a Python was found that could make one"
        python = str(found)
    return Recipe(
        requirements,
        tuple(str(Requirement(pin)) for pin in context.target.pins),
        modules_of_server(launch, context),
        (SDK,),
        program,
        args,
        launch.environ,
        entry.command.cwd,
        uv,
        python,
        options,
    )


def _note(seen: IsolatedSeen, context: Context) -> str:
    """What the clean environment and the app's own come to, side by side."""
    tried = seen.isolated
    versions = ", ".join(f"{name} {version}" for name, version in tried.versions.items())
    pinned = "_pinned" if seen.recipe.constraints else ""
    # An exception may go on after its first sentence with what it advises.
    reason = tried.reason[0].partition(". ")[0] if tried.failed_at == "imports" else " ".join(tried.reason)
    evidence: dict[str, EvidenceValue] = {
        "entry": seen.entry.name,
        "versions": versions or "the newest releases",
        "pins": " and ".join(seen.recipe.constraints),
        "reason": one_line(reason, 800).rstrip(".") or "it gave no reason",
    }
    server = server_of(seen.entry, context)
    if tried.failed_at in {"environment", "installation"} and not versions:
        return note("clean_fails" if tried.failed_at == "installation" else "clean_unknown", evidence)
    if server is None:
        return note("clean_works" if tried.worked else "clean_fails", evidence)
    if server.answer.answered:
        return note("clean_works_too" if tried.worked else f"clean_fails_alone{pinned}", evidence)
    return note(f"clean_works_alone{pinned}" if tried.worked else "clean_fails_too", evidence)


def _findings(seen: IsolatedSeen, context: Context) -> Iterator[Finding]:
    """The cause that the clean environment has shown, where no check has named it for this entry."""
    tried, entry = seen.isolated, seen.entry
    told, server = told_of(entry, _NAMED_BEFORE, context), server_of(entry, context)
    if tried.worked:
        return
    evidence: dict[str, EvidenceValue] = evidence_of(entry, context) | {"clean": _note(seen, context)}
    works = server is not None and server.answer.answered
    failed = tried.imports.failed if tried.imports else None
    said = "\n".join((*tried.reason, *(failed.tail if failed else ())))
    cause = cause_in(said, entry, context) if tried.failed_at in {"imports", "handshake"} else None
    if works:
        incompatible = cause is not None and cause.cause == "server.sdk-incompatible"
        if incompatible and "server.sdk-pin-open" not in told and not holds_sdk_back(entry):
            released = open_pin_evidence(entry, ", ".join(seen.recipe.requirements), context)
            yield finding("server.sdk-pin-open", evidence | released)
        return
    if cause is not None and cause.cause not in told:
        yield finding(cause.cause, evidence | cause.evidence)
    elif tried.failed_at == "installation" and may_go_online(context) and not _by_launcher(told):
        resolver = "uv" if seen.recipe.uv else "pip"
        asked: dict[str, EvidenceValue] = {
            "resolver": resolver,
            "requested": ", ".join((*seen.recipe.requirements, *seen.recipe.constraints)),
            "reason_lines": tried.reason,
            "command": command_line(entry, context),
        }
        yield finding("launcher.resolve-failed", evidence | asked)


def _by_launcher(told: frozenset[str]) -> bool:
    """Whether the words of the launcher have told already why there is nothing to start."""
    return any(cause.startswith(f"{Link.LAUNCHER}.") for cause in told)


def _lines(seen: IsolatedSeen) -> Iterator[str]:
    tried = seen.isolated
    yield f"{', '.join((*seen.recipe.requirements, *seen.recipe.constraints))}: {tried.failed_at or 'works'}"
    yield from (f"  {line}" for line in tried.reason)
    if tried.imports is not None:
        yield from lines_of(tried.imports)
    if tried.answer is not None:
        yield from tried.answer.transcript
