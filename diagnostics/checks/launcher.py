# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of each Blender entry: does the app find it, where is it really, may it be started?"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path

from ..check import Context, Outcome
from ..knowledge import table
from ..knowledge.apps import session_processes
from ..knowledge.catalogue import finding
from ..knowledge.launchers import name_of
from ..model import Consent, EvidenceValue, Finding, Link, Verdict
from ..probes.background import in_thread
from ..probes.process_names import ProcessNames
from ..probes.search_path import SearchPath, app_search_path, child_environment, find_program
from . import app_logs
from .entries import INSTALL_UV, Entry, Launch, RemoteEntry, command_line, evidence_of, installed, program_folders
from .launch_faults import faults
from .launch_line import read_launch_line
from .missing_program import bare_name, is_path, lost_inside, not_found, own_path
from .processes import process_names

UNEXPANDED = re.compile(r"~(?:[\\/]|$)|\$\{?\w+\}?[\\/]|\$\{?(?:HOME|PWD)\}?$|%\w+%")
_SHELLS = {"sh", "bash", "zsh", "dash", "fish", "cmd", "powershell", "pwsh", "wsl", "env"}


@dataclass(frozen=True, slots=True)
class _Looked:
    findings: tuple[Finding, ...] = ()
    program: Path | None = None
    """The file that the app starts, where nothing is wrong with it."""
    launch: Launch | None = None
    consent: Consent | None = None


async def command(context: Context) -> Outcome:
    """Looks up the program of each entry on the PATH that its app has, not the shell's."""
    entries = context.all_observed(Entry)
    if not entries:
        nothing = "starts nothing" if context.observed(RemoteEntry) else "no Blender server configured"
        return Outcome(Verdict.SKIPPED, nothing, blocked_by=_reason(context))
    looked = [await _look(entry, context) for entry in entries]
    findings = tuple(found for one in looked for found in one.findings)
    launches = tuple(one.launch for one in looked if one.launch)
    consents = {one.consent.digest: one.consent for one in looked if one.consent}
    programs = [str(one.program) for one in looked if one.program]
    # Of a server that will end although its program is there, the server's own row tells.
    own = [found for found in findings if found.link is Link.LAUNCHER]
    if failed := [found.title for found in own if found.verdict is Verdict.FAIL]:
        verdict, summary = Verdict.FAIL, failed[0]
    else:
        verdict, summary = Verdict.PASS, ", ".join(dict.fromkeys(programs))
        if warned := [found.title for found in own if found.verdict is Verdict.WARN]:
            verdict, summary = Verdict.WARN, summary or warned[0]
        elif len(programs) < len(entries):
            verdict, summary = Verdict.UNKNOWN, "the app finds its program, and this look-up does not"
    lines = tuple(f"“{entry.name}” of {entry.app.name}: {read_launch_line(entry.command).told()}" for entry in entries)
    return Outcome(verdict, summary, findings, launches, tuple(consents.values()), lines)


def _reason(context: Context) -> str | None:
    """What the launcher waits for: the configuration's fault; None where there is no AI app at all."""
    outcome = context.outcome("client.configuration")
    if outcome is None or outcome.verdict is Verdict.SKIPPED or context.observed(RemoteEntry) is not None:
        return None  # nothing is started for a server that is reached over HTTP
    return next((found.id for found in outcome.findings if found.verdict is Verdict.FAIL), "client.configuration")


async def _look(entry: Entry, context: Context) -> _Looked:
    evidence = evidence_of(entry, context) | {"command": entry.command.program}
    told = app_logs.seen_for(entry, context)
    problem = unexpanded(entry, context)
    if problem and not (told is not None and told.starts and problem[0] == "command"):
        return _Looked((_short_form(*problem, evidence, context),))
    missing = _missing_folder(entry, evidence)
    if missing is not None and missing.verdict is Verdict.FAIL:
        return _Looked((missing,))
    warnings = () if missing is None else (missing,)
    if missing is not None:  # the app takes no notice of it
        entry = dataclasses.replace(entry, command=dataclasses.replace(entry.command, cwd=None))
    line, cwd = read_launch_line(entry.command), entry.command.cwd
    search = await _search_path(entry, context)
    program = find_program(entry.command.program, search.folders, context.machine, cwd)
    if told is not None and program.path is not None and app_logs.was_missing(told, program.path):
        search = SearchPath(told.session.paths, "what its log tells")
        lost = not_found(line, entry, search, evidence, context=context, there=program.path)
        return _Looked((*warnings, _as_logged(lost, told, context)))
    starts = told is not None and told.starts
    if starts and program.path is None:
        # The app itself finds it, so what is wrong is only where this look-up has looked.
        program = installed(bare_name(entry.command.program, context), context)
        if program.path is None:
            return _Looked()
    if program.path is None:
        lost = not_found(line, entry, search, evidence, context=context, blocked=program.blocked)
        return _Looked((*warnings, _as_logged(lost, told, context)))
    if not starts and (inside := lost_inside(line, entry, search, evidence, context=context)) is not None:
        return _Looked((*warnings, inside))
    environ = child_environment(context.machine, search, _own_variables(entry, context))
    found = (*warnings, *faults(line, entry, evidence, program=program.path, environ=environ, context=context))
    if failed := [one for one in found if one.verdict is Verdict.FAIL]:
        own = any(one.link is Link.LAUNCHER for one in failed)
        return _Looked(found, None if own else program.path)
    launch, needed, consent = _permission(Launch(entry, program.path, environ, allowed=False), evidence, context)
    return _Looked((*found, *needed), program.path, launch, consent)


def _short_form(field: str, text: str, expanded: str, evidence: dict[str, EvidenceValue], context: Context) -> Finding:
    """A path in its short form; written out, it may name nothing."""
    known, there = not UNEXPANDED.match(expanded), place_of(field, expanded, context)
    gone = known and there is None
    uv = gone and field == "command" and name_of(bare_name(expanded, context)) in {"uv", "uvx"}
    seen: dict[str, EvidenceValue] = {
        "field": field,
        "text": text,
        "found_at": there if there != expanded else None,
        "_written_out": expanded if known and there != expanded else None,
        "_as_json": json.dumps(there, ensure_ascii=False) if known and there else None,
        "_unknown": not known,
        "_uv": uv,
        "_gone": gone and not uv,
        "_install_uv": INSTALL_UV.get(context.machine.platform, INSTALL_UV["linux"]),
    }
    return finding("launcher.path-unexpanded", evidence | seen)


def place_of(field: str, expanded: str, context: Context) -> str | None:
    """What to write for a path of an entry: where a program of this name is otherwise; None where there is none."""
    if UNEXPANDED.match(expanded):
        return None
    if field == "command":
        named = find_program(expanded, (), context.machine)
        if named.path is not None or named.blocked is not None:
            return expanded
        elsewhere = installed(bare_name(expanded, context), context).path
        # Another Python of this name lacks what the missing one had installed.
        return None if elsewhere is None or re.match(r"python|py\b", name_of(expanded)) else str(elsewhere)
    # An argument may name what the server makes by itself.
    return expanded if field != "cwd" or Path(expanded).is_dir() else None


def _as_logged(lost: Finding, told: app_logs.LogSeen | None, context: Context) -> Finding:
    """The finding with the line in which the app has said so, where it has."""
    if told is None or told.not_found is None or lost.id != "launcher.not-found":
        return lost
    hit = told.not_found
    return app_logs.quoting(lost, hit.record, hit.at, told, context)


def _missing_folder(entry: Entry, evidence: dict[str, EvidenceValue]) -> Finding | None:
    """A folder to start in that does not exist; not all apps take notice of it."""
    cwd = entry.command.cwd
    if cwd is None or Path(cwd).is_dir():
        return None
    read = entry.app.id not in table("launchers")["cwd"]["not_read_by"]
    seen: dict[str, EvidenceValue] = {"cwd": cwd, "_read": read}
    return finding("launcher.cwd-missing", evidence | seen, verdict=Verdict.FAIL if read else Verdict.WARN)


def _permission(
    launch: Launch, evidence: dict[str, EvidenceValue], context: Context
) -> tuple[Launch, tuple[Finding, ...], Consent | None]:
    """The launch, allowed or not, and what is asked of the user where it is not."""
    entry, target = launch.entry, context.target
    # The digest is that of the program that was found: another one of the same name needs another permission.
    digest = dataclasses.replace(entry.command, program=str(launch.program)).digest
    if target.launch or digest in target.allowed_commands:
        return dataclasses.replace(launch, allowed=True), (), None
    shown, cwd = command_line(entry, context), entry.command.cwd
    variables = tuple(entry.command.env)
    evidence |= {"command_line": shown, "variables": variables, "cwd": cwd, "digest": digest}
    evidence["program"] = str(launch.program)
    consent = Consent(digest, entry.app.name, shown, str(launch.program), variables, cwd)
    return launch, (finding("launcher.consent-needed", evidence),), consent


def _own_variables(entry: Entry, context: Context) -> dict[str, str]:
    """The variables that the entry sets, without PATH, which the search path already holds."""
    return {name: value for name, value in entry.command.env.items() if name != own_path(entry, context)}


async def _search_path(entry: Entry, context: Context) -> SearchPath:
    """The folders that the app searches. An entry's own PATH replaces the app's, for the look-up too."""
    machine = context.machine
    own = entry.command.env.get(own_path(entry, context))
    if own is not None:
        return SearchPath(machine.folders(own), "the PATH in the entry's own env")
    fallback = entry.app.path.get(machine.platform, [])
    if entry.app.shell_path and machine.platform != "win32":
        shell = tuple(map(str, program_folders(context)))
        return SearchPath(shell, "the PATH of your shell, which this app has, as far as it is known")
    if is_path(entry.command.program) and machine.platform == "win32":
        return SearchPath(tuple(fallback), "")
    processes = entry.app.processes.get(machine.platform, [])
    session = session_processes(machine.platform)
    asked = machine.is_here and machine.platform != "win32"  # there the registry tells
    names = await process_names(context) if asked else ProcessNames()
    return await in_thread(lambda: app_search_path(machine, processes, session, fallback, names))


def unexpanded(entry: Entry, context: Context) -> tuple[str, str, str] | None:
    """The first path that the app would have to expand and does not: field, text, and the text as it should be."""
    wanted = [("command", entry.command.program), ("cwd", entry.command.cwd or "")]
    name = re.split(r"[\\/]", entry.command.program)[-1].removesuffix(".exe")
    if name not in _SHELLS:  # a shell expands what it is given
        wanted += [(f"args[{number}]", word) for number, word in enumerate(entry.command.args)]
    for field, text in wanted:
        path = text.partition("=")[2] if text.startswith("-") else text
        if UNEXPANDED.match(path):
            return field, text, text.removesuffix(path) + _expanded(path, context)
    return None


def _expanded(text: str, context: Context) -> str:
    home = str(context.machine.home)
    if text.startswith("~"):
        return home + text[1:]

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        folder = {"HOME": home, "USERPROFILE": home}.get(name)
        # Only folders are looked up: any other variable may hold a secret.
        found = folder or (context.machine.environ.get(name) if name in _FOLDERS else None)
        return found or match[0]

    return re.sub(r"\$\{?(\w+)\}?|%(\w+)%", value, text)


_FOLDERS = {"APPDATA", "LOCALAPPDATA", "ProgramFiles", "PROGRAMFILES", "SystemRoot", "XDG_DATA_HOME", "XDG_CONFIG_HOME"}
