# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of each Blender entry: does the app find it, where is it really, may it be started?"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..check import Context, Outcome
from ..knowledge.apps import places, session_processes
from ..knowledge.catalogue import finding
from ..model import Consent, EvidenceValue, Finding, Verdict
from ..probes.background import in_thread
from ..probes.search_path import SearchPath, app_search_path, child_environment, find_program
from . import app_logs
from .entries import Entry, Launch, RemoteEntry, command_line, evidence_of, installed

_UNEXPANDED = re.compile(r"~(?:[\\/]|$)|\$\{?\w+\}?[\\/]|\$\{?(?:HOME|PWD)\}?$|%\w+%")
_SHELLS = {"sh", "bash", "zsh", "dash", "fish", "cmd", "powershell", "pwsh", "wsl", "env"}


@dataclass(frozen=True, slots=True)
class _Looked:
    findings: tuple[Finding, ...] = ()
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
    if any(found.verdict is Verdict.FAIL for found in findings):
        verdict, summary = Verdict.FAIL, next(f.title for f in findings if f.verdict is Verdict.FAIL)
    else:
        verdict, summary = Verdict.PASS, ", ".join(dict.fromkeys(str(launch.program) for launch in launches))
        if len(launches) < len(entries):
            verdict, summary = Verdict.UNKNOWN, "the app finds its program, and this look-up does not"
    return Outcome(verdict, summary, findings, launches, tuple(consents.values()))


def _reason(context: Context) -> str | None:
    """What the launcher waits for: the configuration's fault; None where there is no AI app at all."""
    outcome = context.outcome("client.configuration")
    if outcome is None or outcome.verdict is Verdict.SKIPPED or context.observed(RemoteEntry) is not None:
        return None  # nothing is started for a server that is reached over HTTP
    return next((found.id for found in outcome.findings if found.verdict is Verdict.FAIL), "client.configuration")


async def _look(entry: Entry, context: Context) -> _Looked:
    evidence = evidence_of(entry, context) | {"command": entry.command.program}
    told = app_logs.seen_for(entry, context)
    problem = _unexpanded(entry, context)
    if problem and not (told is not None and told.starts and problem[0] == "command"):
        field, text, expanded = problem
        evidence |= {
            "field": field,
            "text": text,
            "_expanded": expanded,
            "_as_json": json.dumps(expanded, ensure_ascii=False),
        }
        evidence["_known"] = not _UNEXPANDED.match(expanded)
        return _Looked((finding("launcher.path-unexpanded", evidence),))
    cwd = entry.command.cwd
    if cwd is not None and not Path(cwd).is_dir():
        return _Looked((finding("launcher.cwd-missing", {**evidence, "cwd": cwd}),))
    search = await _search_path(entry, context)
    program = find_program(entry.command.program, search.folders, context.machine, cwd)
    if told is not None and program.path is not None and app_logs.was_missing(told, program.path):
        search = SearchPath(told.session.paths, "what its log tells")
        return _Looked((_not_found(entry, search, None, evidence, context, there=program.path),))
    if told is not None and told.starts and program.path is None:
        # The app itself finds it, so what is wrong is only where this look-up has looked.
        program = installed(_bare(entry.command.program, context), context)
        if program.path is None:
            return _Looked()
    if program.path is None:
        return _Looked((_not_found(entry, search, program.blocked, evidence, context),))
    environ = child_environment(context.machine, search, _own_variables(entry, context))
    target = context.target
    # The digest is that of the program that was found: another one of the same name needs another permission.
    digest = dataclasses.replace(entry.command, program=str(program.path)).digest
    allowed = target.launch or digest in target.allowed_commands
    launch = Launch(entry, program.path, environ, allowed)
    if allowed:
        return _Looked(launch=launch)
    line = command_line(entry, context)
    variables = tuple(entry.command.env)
    evidence |= {"command_line": line, "variables": variables, "cwd": cwd, "digest": digest}
    evidence["program"] = str(program.path)
    return _Looked(
        (finding("launcher.consent-needed", evidence),),
        launch,
        Consent(digest, entry.app.name, line, str(program.path), variables, cwd),
    )


def _own_variables(entry: Entry, context: Context) -> dict[str, str]:
    """The variables that the entry sets, without PATH, which the search path already holds."""
    return {name: value for name, value in entry.command.env.items() if name != _own_path(entry, context)}


def _own_path(entry: Entry, context: Context) -> str:
    """The name under which the entry sets PATH: Windows does not mind how it is written."""
    names = entry.command.env if context.machine.platform == "win32" else ()
    return next((name for name in names if name.upper() == "PATH"), "PATH")


async def _search_path(entry: Entry, context: Context) -> SearchPath:
    """The folders that the app searches. An entry's own PATH replaces the app's, for the look-up too."""
    machine = context.machine
    own = entry.command.env.get(_own_path(entry, context))
    if own is not None:
        return SearchPath(machine.folders(own), "the PATH in the entry's own env")
    fallback = entry.app.path.get(machine.platform, [])
    if entry.app.shell_path and machine.platform != "win32":
        shell = (*machine.folders(machine.environ.get("PATH", "")), *map(str, places(machine)))
        return SearchPath(shell, "the PATH of your shell, which this app has, as far as it is known")
    if _is_path(entry.command.program) and machine.platform == "win32":
        return SearchPath(tuple(fallback), "")
    processes = entry.app.processes.get(machine.platform, [])
    session = session_processes(machine.platform)
    return await in_thread(lambda: app_search_path(machine, processes, session, fallback))


def _is_path(program: str) -> bool:
    return "/" in program or "\\" in program


def _not_found(
    entry: Entry,
    search: SearchPath,
    blocked: Path | None,
    evidence: dict[str, EvidenceValue],
    context: Context,
    *,
    there: Path | None = None,
) -> Finding:
    """`there` is where it is although the app did not find it."""
    program = entry.command.program
    if blocked is not None:
        return finding("launcher.not-executable", {**evidence, "path": str(blocked)})
    bare = _bare(program, context)
    # Another Python of this name lacks what the missing one had installed.
    another_python = _is_path(program) and re.match(r"python|py\b", bare) is not None
    elsewhere = there or (None if another_python else installed(bare, context).path)
    uv = bare.removesuffix(".exe") in {"uv", "uvx"}
    own_path = _own_path(entry, context) in entry.command.env
    seen: dict[str, EvidenceValue] = {
        **evidence,
        "found_at": str(elsewhere) if elsewhere else None,
        "_as_json": json.dumps(str(elsewhere), ensure_ascii=False) if elsewhere else None,
        "searched": None if _is_path(program) else search.folders,
        "search_source": None if _is_path(program) else search.source,
        "is_path": _is_path(program),
        # On Windows apps do inherit the PATH, and a PATH of the entry's own is nobody's fault.
        "_desktop": not (_is_path(program) or own_path or context.machine.platform == "win32"),
        "_uv": elsewhere is None and uv,
        "_other": elsewhere is None and not uv and bool(evidence["_server"]),
        "_install_uv": _INSTALL_UV.get(context.machine.platform, _INSTALL_UV["linux"]),
    }
    told = app_logs.seen_for(entry, context)
    if told is None or told.not_found is None:
        return finding("launcher.not-found", seen)
    hit = told.not_found
    return app_logs.quoting(finding("launcher.not-found", seen), hit.record, hit.at, told, context)


def _bare(program: str, context: Context) -> str:
    return PureWindowsPath(program).name if context.machine.platform == "win32" else PurePosixPath(program).name


_INSTALL_UV = {
    "win32": "winget install --id=astral-sh.uv -e",
    "darwin": "brew install uv",
    "linux": "curl -LsSf https://astral.sh/uv/install.sh | sh",
}


def _unexpanded(entry: Entry, context: Context) -> tuple[str, str, str] | None:
    """The first path that the app would have to expand and does not: field, text, and the text as it should be."""
    wanted = [("command", entry.command.program), ("cwd", entry.command.cwd or "")]
    name = re.split(r"[\\/]", entry.command.program)[-1].removesuffix(".exe")
    if name not in _SHELLS:  # a shell expands what it is given
        wanted += [(f"args[{number}]", word) for number, word in enumerate(entry.command.args)]
    for field, text in wanted:
        path = text.partition("=")[2] if text.startswith("-") else text
        if _UNEXPANDED.match(path):
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
