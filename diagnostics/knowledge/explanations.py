# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be read up about a cause, without a run: the words of `explain/`, a row for each cause of the catalogue."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..model import Link, Verdict
from . import table
from .catalogue import causes

_OWN = "ahujasid/blender-mcp#"
"""Threads of the server and add-on that most users have; others may tell of another product."""
_PAGES = Path(__file__).with_name("pages")


@dataclass(frozen=True, slots=True)
class Source:
    """A public thread in which users met a cause."""

    label: str
    """Such as "ahujasid/blender-mcp#25"."""
    url: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A cause in words for somebody who has no report of it. What the fields mean stands in `explain/README.md`."""

    id: str
    verdict: Verdict
    title: str
    means: str
    known_by: str
    steps: tuple[str, ...]
    otherwise: str
    met: tuple[Source, ...]

    @property
    def met_elsewhere(self) -> bool:
        """Whether some of the threads are not about Blender's own servers and add-ons."""
        return any(not source.label.startswith(_OWN) for source in self.met)

    def said(self, translate: Callable[[str], str]) -> Explanation:
        """The same in the language of `translate`, which returns a text as it is where it has none for it."""
        return Explanation(
            self.id,
            self.verdict,
            translate(self.title),
            translate(self.means),
            translate(self.known_by),
            tuple(map(translate, self.steps)),
            translate(self.otherwise),
            self.met,
        )


@functools.cache
def explanations() -> Mapping[str, Explanation]:
    """All explanations by the id of their cause, in the catalogue's order. Raises KeyError where one is missing."""
    rows = {cause_id: row for file in (*Link, "internal") for cause_id, row in table(f"explain/{file}").items()}
    return {cause.id: _explanation(cause.id, cause.verdict, rows[cause.id]) for cause in causes().values()}


def by_link() -> Mapping[str, tuple[Explanation, ...]]:
    """The explanations in groups: the links in their order, and "internal" for the doctor's own causes."""
    grouped: dict[str, list[Explanation]] = {str(name): [] for name in (*Link, "internal")}
    for explanation in explanations().values():
        grouped[explanation.id.partition(".")[0]].append(explanation)
    return {name: tuple(group) for name, group in grouped.items()}


def page(locale: str = "") -> Path:
    """The page with all explanations, in this language (Blender's name for it) where there is one, else in English."""
    own = _PAGES / f"causes.{locale}.html"
    return own if locale and own.is_file() else _PAGES / "causes.html"


def _explanation(cause_id: str, verdict: Verdict, row: Mapping[str, object]) -> Explanation:
    steps, met = row["do"], row.get("met", [])
    assert isinstance(steps, list)  # noqa: S101  # the file is ours, a test reads all of it
    assert isinstance(met, list)  # noqa: S101
    means, known_by, otherwise = (str(row[key]) for key in ("means", "known_by", "otherwise"))
    sources = tuple(map(_source, met))
    return Explanation(cause_id, verdict, str(row["title"]), means, known_by, tuple(steps), otherwise, sources)


def _source(thread: str) -> Source:
    repository, _, number = thread.rpartition("/")
    return Source(f"{repository.rpartition('/')[0]}#{number}", f"https://github.com/{thread}")
