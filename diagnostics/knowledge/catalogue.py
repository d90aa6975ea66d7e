# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of causes: every cause that the product can name, its words, and what explains it."""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass

from ..model import EvidenceValue, Finding, Link, Remedy, Verdict
from ..text import clean
from . import table


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of text with `$names` of evidence in it, used when the evidence `when` is there (always without one)."""

    text: str
    title: str = ""
    when: str = ""
    kind: str = "copy"
    action: str = ""

    def applies(self, evidence: Mapping[str, EvidenceValue]) -> bool:
        """Whether the evidence that these words speak of was seen. `!name` asks that it was not, `a & b` for both."""
        asked = self.when.split(" & ") if self.when else ()
        return all(bool(evidence.get(name.lstrip("!"))) != name.startswith("!") for name in asked)


@dataclass(frozen=True, slots=True)
class Cause:
    """A row of the catalogue."""

    id: str
    verdict: Verdict
    title: str
    detail: tuple[Words, ...]
    remedies: tuple[Words, ...]
    explained_by: tuple[str, ...]


@functools.cache
def causes() -> Mapping[str, Cause]:
    """All causes by id, in the order of the chain."""
    files = (*Link, "internal")
    return {cause_id: _cause(cause_id, row) for file in files for cause_id, row in table(f"causes/{file}").items()}


def _cause(cause_id: str, row: Mapping[str, object]) -> Cause:
    def words(key: str) -> tuple[Words, ...]:
        rows = row.get(key, [])
        assert isinstance(rows, list)  # noqa: S101  # the file is ours, a test reads all of it
        return tuple(Words(item) if isinstance(item, str) else Words(**item) for item in rows)

    explained_by = row.get("explained_by", [])
    assert isinstance(explained_by, list)  # noqa: S101
    return Cause(
        cause_id, Verdict(str(row["verdict"])), str(row["title"]), words("detail"), words("remedy"), tuple(explained_by)
    )


def finding(cause_id: str, evidence: Mapping[str, EvidenceValue], *, verdict: Verdict | None = None) -> Finding:
    """The cause as it was seen, in the catalogue's words, with this evidence in them.

    Evidence whose key begins with "_" only fills words and is not shown. `verdict` replaces the catalogue's. Raises
    KeyError for a cause that the catalogue does not have.
    """
    cause = causes()[cause_id]
    shown = {key: _clean(value) for key, value in evidence.items() if value is not None and value not in ("", ())}
    seen = {key.lstrip("_"): value for key, value in shown.items()}
    link = cause_id.partition(".")[0]
    return Finding(
        id=cause_id,
        link=Link(link) if link in set(Link) else None,
        verdict=verdict or cause.verdict,
        title=fill(cause.title, seen),
        detail="\n\n".join(fill(words.text, seen) for words in cause.detail if words.applies(seen)),
        evidence={key: value for key, value in shown.items() if not key.startswith("_")},
        fills={key.lstrip("_"): value for key, value in shown.items() if key.startswith("_")},
        remedies=tuple(
            Remedy(fill(words.title, seen), words.kind, fill(words.text, seen), action=words.action)
            for words in cause.remedies
            if words.applies(seen)
        ),
    )


def note(name: str, evidence: Mapping[str, EvidenceValue]) -> str:
    """The sentence of this name among the notes in `words.toml`, with this evidence in it."""
    return _shared("notes", name, evidence)


def step(name: str, evidence: Mapping[str, EvidenceValue]) -> str:
    """What is being waited for in this step of a long check, in the words of `words.toml`."""
    return _shared("steps", name, evidence)


def _shared(kind: str, name: str, evidence: Mapping[str, EvidenceValue]) -> str:
    return fill(str(table("words")[kind][name]), {key: _clean(value) for key, value in evidence.items()})


def fill(text: str, evidence: Mapping[str, EvidenceValue]) -> str:
    """The text with its `$names` replaced by evidence; what is not known reads as an ellipsis."""
    return string.Template(text.strip()).substitute(_Shown(evidence))


def outline(text: str) -> str:
    """The text without evidence, for reading up a cause: what a run fills in stands as an ellipsis."""
    return re.sub(r"\$(\$|\w+)", lambda match: "$" if match[1] == "$" else "…", text.strip())


class _Shown(dict[str, str]):
    def __init__(self, evidence: Mapping[str, EvidenceValue]) -> None:
        super().__init__({key: _text(key, value) for key, value in evidence.items()})

    def __missing__(self, key: str) -> str:
        return "…"


def _text(key: str, value: EvidenceValue) -> str:
    if isinstance(value, tuple):
        # What a program has printed reads as it was printed.
        return "".join(f"\n{line}" for line in value) if key.endswith("lines") else ", ".join(value)
    return str(value)


def _clean(value: EvidenceValue) -> EvidenceValue:
    if isinstance(value, tuple):
        return tuple(clean(item, 300) for item in value[:20])
    return clean(value, 4000) if isinstance(value, str) else value
