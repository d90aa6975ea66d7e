# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a container has not started the server: what docker and its relatives say, and how they were called."""

from __future__ import annotations

from ..check import Context
from ..knowledge.catalogue import finding
from ..knowledge.launchers import container_flags
from ..knowledge.uv_messages import Message
from ..model import Command, EvidenceValue, Finding
from . import app_logs
from .entries import Entry, Launch, command_line, evidence_of
from .launch_line import LaunchLine


def container_said(
    message: Message, line: LaunchLine, launch: Launch, lines: tuple[str, ...], context: Context
) -> Finding:
    """The cause of which a container's engine tells in these lines."""
    engine = next(name for name in line.inside.through if name in message.by)
    evidence = evidence_of(launch.entry, context) | {
        "command": command_line(launch.entry, context),
        "engine": engine,
        "_resolver": engine,
        "_ended": "ended",
    }
    facts, flags = message.facts, message.flags
    seen: dict[str, EvidenceValue]
    match message.cause:
        case "launcher.resolve-failed":
            image = facts.get("image")
            # A server that uvx would bring says nothing about the image that is wanted.
            seen = {"requested": image, "image": image, "reason_lines": lines, "_server": None}
        case "launcher.not-executable":
            made_for, here = facts.get("image_for"), facts.get("here")
            seen = {"image_for": made_for, "here": here, "last_lines": lines, "_image_format": True}
        case _:
            seen = {
                "last_lines": lines,
                "container": facts.get("container"),
                "_engine_off": "engine_off" in flags,
                "_engine_denied": "engine_denied" in flags,
                "_name_taken": "name_taken" in flags,
                "_wants_terminal": "wants_terminal" in flags,
            }
    return finding(message.cause, evidence | seen)


def keeps_input_away(command: Command) -> bool:
    """Whether a container is run without its input (`-i`): a server in it finds nothing to answer to, and ends."""
    flags = container_flags(command)
    return flags is not None and not {"-i", "--interactive"}.intersection(flags)


def without_input(entry: Entry, evidence: dict[str, EvidenceValue], context: Context) -> Finding | None:
    """That the server will end at once, as the command alone tells; the app's log may know better."""
    told = app_logs.seen_for(entry, context)
    if not keeps_input_away(entry.command) or (told is not None and told.session.answered is not None):
        return None
    seen: dict[str, EvidenceValue] = {"command": command_line(entry, context), "_no_input": True, "_not_started": True}
    return finding("server.exits-at-start", evidence | seen)
