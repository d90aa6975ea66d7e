# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen, what it means, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .edit import FileEdit
from .verdict import Link, Verdict

EvidenceValue = str | int | float | bool | None | tuple[str, ...]
"""A value that may stand as evidence: shown to the user, written as JSON."""


EDIT_FILES = "edit-files"
END_PROCESS = "end-process"


@dataclass(frozen=True, slots=True)
class Remedy:
    """Something to do about a finding.

    `kind` is "copy" (a text for the clipboard), "open" (a place to go to) or "apply" (what is done after a click).
    """

    title: str
    kind: str
    text: str
    exact: str = ""
    """Like `text`, with the home folder written out: for this user's own screen and clipboard, not for a report."""
    action: str = ""
    """What "apply" does with `text`.

    In Blender: "use-endpoint" (host:port), "enable-addon" (a module), "start-addon" (an operator), "set-addon-port"
    (module:port). Elsewhere: END_PROCESS (its id and time of creation), or EDIT_FILES, which makes `edits`.
    """
    edits: tuple[FileEdit, ...] = ()
    """What is changed in files, and in which order. It is no part of what a report shows."""

    @property
    def is_outside_blender(self) -> bool:
        """Whether it is a change that can be made without a Blender, so from a terminal too."""
        return self.kind == "apply" and self.action in {EDIT_FILES, END_PROCESS}


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause that was seen, with the words for it from the catalogue."""

    id: str
    link: Link | None
    """None for the doctor's own causes (`internal.…`)."""
    verdict: Verdict
    title: str
    detail: str
    evidence: Mapping[str, EvidenceValue] = field(default_factory=dict)
    fills: Mapping[str, EvidenceValue] = field(default_factory=dict)
    """Evidence that is not shown by itself and only fills the words, kept to say them again in another language."""
    remedies: tuple[Remedy, ...] = ()
    explained_by: str | None = None
    order: int = 0
    """Place in the order of repair, from 1; 0 for a finding that needs no repair."""
    elapsed_ms: float = 0.0
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Consent:
    """A command that was not started because the user has not allowed it yet."""

    digest: str
    app: str
    command_line: str
    """The whole command, for people; values that look secret are masked."""
    program: str = ""
    """The file that would be started."""
    variables: tuple[str, ...] = ()
    """Names of the variables that the entry sets; their values are never shown."""
    cwd: str | None = None
    """The folder in which it would be started, where the entry names one."""
