# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a server and the SDK that it is built on, whether files or the started server told it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..check import Context
from ..knowledge.launchers import inside, name_of
from ..knowledge.sdk_breaks import SDK, Break, next_incompatible
from ..model import EvidenceValue
from ..probes.environment import Environment
from .entries import Entry, Launch, evidence_of, typed


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What files say will keep a server from starting. When it is to be started, its start decides."""

    cause: str
    evidence: dict[str, EvidenceValue]


@dataclass(frozen=True, slots=True)
class EnvironmentSeen:
    """The Python environment that an entry would use."""

    entry: Entry
    environment: Environment
    server: str = ""
    """Canonical name of the package that the entry starts, "" where that is not known."""
    sure: bool = True
    """The app's server will use exactly this; otherwise it is what uv made last, and uv may make another one."""
    suspicions: tuple[Suspicion, ...] = ()
    """Those that are left to the start of the server."""

    @property
    def how_known(self) -> str:
        """By what its packages are known, in words."""
        if self.sure:
            return "uv has prepared it for this command" if self.environment.kind == "uvx" else "it is installed"
        return "it was installed the last time that uv prepared this command, and uv may choose anew"


def seen_for(entry: Entry, context: Context) -> EnvironmentSeen | None:
    """The environment of this entry, None where it is not known."""
    return next((seen for seen in context.all_observed(EnvironmentSeen) if seen.entry is entry), None)


def will_start(launch: Launch, context: Context) -> bool:
    """Whether this run starts the command."""
    return launch.allowed and not (context.snapshot is not None and context.snapshot.main_thread_waits)


def of_break(
    known: Break, entry: Entry, context: Context | None, environment: Environment | None = None
) -> dict[str, EvidenceValue]:
    """What every finding about a break tells, and how to go on. `environment` is the one that the entry runs in."""
    held, made = with_pin(entry, known.pin), ""
    seen = seen_for(entry, context) if context is not None else None
    environment = environment or (seen.environment if seen else None)
    if environment is not None and context is not None and not held:
        made = install(environment, Requirement(known.pin), context)
    return {
        "what": known.what,
        "since": known.since,
        "pin": known.pin,
        "_with": held,
        "_pin_install": made,
        "_pin_alone": None if held or made else known.pin,
        # Who uses a server that others have made cannot change it.
        "_shim": None if entry.product else known.shim.strip() or None,
    }


def open_pin_evidence(entry: Entry, release: str, context: Context) -> dict[str, EvidenceValue]:
    """What is told about a release that lets any newer SDK in."""
    return evidence_of(entry, context) | of_break(next_incompatible(), entry, context) | {"release": release}


def version_of(text: str) -> Version | None:
    """The version, None for a text that is none."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def with_pin(entry: Entry, pin: str) -> str:
    """The arguments of the entry with the pin in them, as JSON text; empty where uv is not what starts it."""
    args = pinned_args(entry, pin)
    return json.dumps(args, ensure_ascii=False) if args else ""


def pinned_args(entry: Entry, pin: str) -> list[str]:
    """The arguments of the entry with the pin in them; none where uv is not what starts it."""
    seen = inside(entry.command)
    program, args = name_of(seen.command.program), list(seen.command.args)
    if seen.before is None:
        return []  # it stands in a line for a shell
    before = entry.command.args[: seen.before]
    if program == "uvx":
        return [*before, "--with", pin, *args]
    if program == "uv" and "run" in args:
        at = args.index("run") + 1
        return [*before, *args[:at], "--with", pin, *args[at:]]
    return []


def holds_sdk_back(entry: Entry) -> bool:
    """Whether the entry itself says which releases of the SDK may come."""
    return any(
        re.search(rf"(?<![\w-]){SDK}(?:\[\w+\])?\s*(?:<|==|~=)", word) for word in inside(entry.command).command.args
    )


def repair(environment: Environment, what: str, context: Context) -> str:
    """The command by which what is broken or missing is installed anew, in that environment."""

    def line(*words: str) -> str:
        return typed(words, context)

    match environment.kind:
        case "uv tool":
            return line("uv", "tool", "install", "--force", environment.root.name)
        case "uvx":
            return line("uv", "cache", "clean", Requirement(what).name)
        case "pipx":
            return line("pipx", "reinstall", environment.root.name)
        case "uv project" | "extension":
            return line("uv", "sync", "--reinstall", "--directory", str(environment.root.parent))
    python = str(environment.python or "python")
    return line("uv", "pip", "install", "--reinstall", "--python", python, what)


def install(environment: Environment, requirement: Requirement, context: Context) -> str:
    """The command that brings the requirement into an environment that people keep."""
    pin, tool = str(requirement).partition(";")[0].strip(), environment.root.name
    own = canonicalize_name(requirement.name) == canonicalize_name(tool)
    match environment.kind:
        case "uvx":
            return ""  # uv throws it away and makes it anew
        case "uv tool":
            words: Sequence[str] = ["uv", "tool", "install", "--force", *([pin] if own else [tool, "--with", pin])]
        case "pipx":
            words = ["pipx", "install", "--force", pin] if own else ["pipx", "runpip", tool, "install", pin]
        case "uv project":
            words = ["uv", "add", "--directory", str(environment.root.parent), pin]
        case _:
            words = ["uv", "pip", "install", "--python", str(environment.python or "python"), pin]
    return typed(words, context)
