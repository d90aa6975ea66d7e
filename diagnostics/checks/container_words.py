# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a container has not started the server: what docker and its relatives say, and how they were called."""

from __future__ import annotations

from ..check import Context
from ..knowledge.catalogue import finding
from ..knowledge.launchers import inside, name_of
from ..knowledge.uv_messages import Message
from ..model import Command, EvidenceValue, Finding
from .entries import Launch, command_line, evidence_of
from .launch_line import LaunchLine

_ENGINES = {"docker", "podman", "nerdctl"}


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
    words = command.argv
    at = next(
        (n for n, word in enumerate(words) if name_of(word) in _ENGINES and words[n + 1 : n + 2] == ("run",)), None
    )
    if at is None:
        return False
    # What stands behind the image is for the program in it.
    options = [word for word in words[at + 2 : inside(command).before] if word.startswith("-")]
    short = [word for word in options if not word.startswith("--") and "i" in word.partition("=")[0]]
    return not short and not any(word.partition("=")[0] == "--interactive" for word in options)
