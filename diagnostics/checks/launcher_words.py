# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a launcher has not started the server, by its own last words."""

from __future__ import annotations

import json
import re

from packaging.utils import canonicalize_name

from ..check import Context
from ..knowledge import products, table
from ..knowledge.catalogue import finding
from ..knowledge.launchers import name_of
from ..knowledge.uv_messages import Message, read_message
from ..model import EvidenceValue, Finding
from ..probes.resolution import reason_in
from ..redaction import hide
from ..secret_patterns import MASK
from ..text import one_line
from .container_words import container_said
from .entries import INSTALL_UV, Launch, command_line, evidence_of, installed, typed
from .launch_faults import unknown_package
from .launch_line import LaunchLine, read_launch_line, rewritten, with_python

_BEGINS = (
    r"(?:npm )?error\b|\S*docker(?:\.exe)?: |No solution found|Failed to|.*not found$|env: |'.*' is not recognized"
)
_LOGIN = re.compile(r"(://)[^\s/@]+@")
_MOST = 8
_RESOLVERS = {"pipx run": "pipx", "npx": "npm"}


def launcher_said(said: str, launch: Launch, context: Context) -> Finding | None:
    """The cause of which these last words of a command tell; None where no launcher has spoken."""
    line = read_launch_line(launch.entry.command)
    message = read_message(said, line.inside.through)
    if message is None or (line.launcher == "python" and not line.inside.through):
        return None  # where nothing stands between the app and the server, it has words of its own
    lines = _quoted(said, context)
    if message.by:
        return container_said(message, line, launch, lines, context)
    evidence = evidence_of(launch.entry, context) | {
        "command": command_line(launch.entry, context),
        "resolver": _RESOLVERS.get(line.launcher, "uv"),
        "reason_lines": lines,
    }
    match message.cause:
        case "launcher.tls-intercepted":
            return finding("launcher.tls-intercepted", evidence | _of_certificate(message, line))
        case "launcher.cache-locked":
            return finding("launcher.cache-locked", evidence | _of_cache(message, context))
        case "launcher.python-unsuitable":
            return finding("launcher.python-unsuitable", evidence | _of_python(message, line, launch))
        case "launcher.build-failed":
            return finding("launcher.build-failed", evidence | _of_build(message, line, launch))
        case "launcher.package-unknown" if _is_misnamed(message, line):
            return unknown_package(line, launch.entry, evidence)
        case "server.exits-at-start":
            return finding("server.exits-at-start", evidence | _of_executable(message, lines))
        case "launcher.not-found":
            return _of_program(message, line, launch, evidence, context)
    return finding("launcher.resolve-failed", evidence | _of_resolution(line, lines))


def _is_misnamed(message: Message, line: LaunchLine) -> bool:
    """Whether the package that is not there is the one which the entry names, and no server that is known."""
    package = message.facts["package"]
    known = any(line.package in product.packages for product in products.products())
    return line.package in {package, canonicalize_name(package)} and not known


def _of_executable(message: Message, lines: tuple[str, ...]) -> dict[str, EvidenceValue]:
    facts = message.facts
    told: dict[str, EvidenceValue] = {"program": facts["program"], "package": facts["package"]}
    return told | {"_offered": facts.get("offered"), "_no_program": True, "last_lines": lines, "_ended": "ended"}


def _of_certificate(message: Message, line: LaunchLine) -> dict[str, EvidenceValue]:
    facts, npm = message.facts, line.launcher == "npx"
    return {"address": facts.get("address"), "problem": facts.get("problem"), "_npm": npm, "_uv": not npm}


def _of_cache(message: Message, context: Context) -> dict[str, EvidenceValue]:
    return {
        "folder": message.facts.get("folder"),
        "problem": message.facts.get("problem"),
        "_lock": "lock" in message.flags,
        "_unusable": "unusable" in message.flags,
        "_cloud": "cloud" in message.flags,
        "_guarded": "guarded" in message.flags,
        "_own_folder": json.dumps(str(context.machine.home / "uv-cache"), ensure_ascii=False),
    }


def _of_python(message: Message, line: LaunchLine, launch: Launch) -> dict[str, EvidenceValue]:
    good = str(table("launchers")["good_python"])
    facts = message.facts
    return {
        "chosen": facts.get("chosen"),
        "said_by": facts.get("said_by"),
        "asked": facts.get("asked"),
        "package": facts.get("package"),
        "needs": facts.get("needs"),
        "_absent": "absent" in message.flags,
        "_no_wheel": "no_wheel" in message.flags,
        "_good": _wanted(facts.get("asked", "")) or good,
        "_with_python": with_python(line, launch.entry.command, good),
    }


def _wanted(asked: str) -> str:
    """The release that was asked for and is not there, where a server could run in it."""
    match = re.search(r"3\.1\d+", asked)
    return match[0] if match else ""


def _of_build(message: Message, line: LaunchLine, launch: Launch) -> dict[str, EvidenceValue]:
    good = str(table("launchers")["good_python"])
    return {
        "package": message.facts.get("package") or line.package or launch.entry.name,
        "because": message.facts.get("because"),
        "_good": good,
        "_with_python": with_python(line, launch.entry.command, good),
        "_uv": line.launcher in {"uvx", "uv run"},
    }


def _of_resolution(line: LaunchLine, lines: tuple[str, ...]) -> dict[str, EvidenceValue]:
    requested = f"{line.package}{line.release}" or line.inside.command.program
    return {"requested": requested, "offline": any("network was disabled" in one for one in lines)}


def _of_program(
    message: Message, line: LaunchLine, launch: Launch, evidence: dict[str, EvidenceValue], context: Context
) -> Finding | None:
    """A shell did not find the program that the line names: of another one it says nothing about the server."""
    started, named = line.inside.command, message.facts["program"]
    if name_of(named) != name_of(started.program):
        return None
    apart = any(through in table("programs")["other_systems"] for through in line.inside.through)
    elsewhere = None if apart else installed(name_of(named), context).path
    uv = name_of(named) in {"uv", "uvx"} and not apart
    seen: dict[str, EvidenceValue] = {
        **evidence,
        "command": named,
        "through": line.starter,
        "found_at": str(elsewhere) if elsewhere else None,
        "_entry_json": rewritten(line, launch.entry.command, [str(elsewhere), *started.args]) if elsewhere else None,
        "_in_line": typed([str(elsewhere)], context) if elsewhere else None,
        "_nowhere": elsewhere is None and not apart,
        "is_path": False,
        "_uv": elsewhere is None and uv,
        "_other": elsewhere is None and not uv and bool(evidence["_server"]),
        "_unknown": elsewhere is None and not uv and not evidence["_server"],
        "_install_uv": INSTALL_UV.get(context.machine.platform, INSTALL_UV["linux"]),
        "reason_lines": None,
    }
    if seen["_entry_json"]:
        seen["_in_line"] = None
    return finding("launcher.not-found", seen)


def _quoted(said: str, context: Context) -> tuple[str, ...]:
    """Its own words from the error on, else the last ones. Secrets are hidden before any cut."""
    shown = _LOGIN.sub(rf"\1{MASK}@", hide(said[-20_000:], context.secrets))
    lines = reason_in(shown, begins=_BEGINS) or [one_line(line, 300) for line in shown.splitlines() if line.strip()]
    return tuple(line[:300] for line in lines[-_MOST:])
