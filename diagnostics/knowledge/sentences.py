# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in another language what a repair has said of itself: its name, what it did, why it was not made, if it helped.

Such a sentence is made and kept in English. It is known again by the text of ours that it was made of; whatever stands
at the place of a `$name` is taken over as it is, so nothing can come back that was masked.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Callable, Iterable, Mapping

from . import table
from .catalogue import causes, fill

Translate = Callable[[str], str]
"""Returns a text of ours in another language, and the text itself where it has none for it."""

_PARTS = (
    ("repairs", ("titles", "problems", "said")),
    ("blender_repairs", ("words", "refused")),
    ("ending", ("words", "refused")),
    ("outcomes", ("words",)),
)
_LONGEST = 4000
"""Characters. What is longer is no sentence, and looking for one in it would keep Blender waiting."""
_INNER = (("ending", ("age",)),)
"""These stand inside of others only."""
_OWN = frozenset({"age", "call", "command", "link", "parent", "repaired", "restart", "said", "since", "title"})
"""What stands at the place of these names may be a text of ours again."""


def texts() -> tuple[str, ...]:
    """All texts that such sentences are made of."""
    return tuple(dict.fromkeys((*_texts(_PARTS), *_texts(_INNER))))


def _texts(tables: Iterable[tuple[str, tuple[str, ...]]]) -> Iterable[str]:
    return (str(text).strip() for name, parts in tables for part in parts for text in table(name)[part].values())


def sentence_in(sentence: str, translate: Translate) -> str:
    """The sentence in another language, by `translate`, which does that for a text of ours. Others stay as they are."""
    return _sentence_in(sentence, translate, _patterns())


def preview_in(preview: str, translate: Translate) -> str:
    """What a change shows of itself, with those of its paragraphs and lines said again that are texts of ours."""
    blocks = preview.split("\n\n")
    whole = sentence_in(preview, translate)
    return whole if whole != preview else "\n\n".join(_block_in(block, translate) for block in blocks)


def _block_in(block: str, translate: Translate) -> str:
    said = sentence_in(block, translate)
    return said if said != block else "\n".join(sentence_in(line, translate) for line in block.split("\n"))


def _sentence_in(sentence: str, translate: Translate, patterns: Mapping[str, re.Pattern[str]]) -> str:
    if len(sentence) > _LONGEST:
        return sentence
    for text, pattern in patterns.items():
        if (match := pattern.fullmatch(sentence)) is not None:
            fills = match.groupdict()
            return fill(translate(text), fills | {name: _inner(fills[name], translate) for name in _OWN & fills.keys()})
    return translate(sentence)


def _inner(value: str, translate: Translate) -> str:
    """A text of ours within another."""
    said = (_sentence_in(value, translate, patterns) for patterns in (_patterns(), _inner_patterns(), _titles()))
    return next((other for other in said if other != value), value)


@functools.cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    return _compiled(_texts(_PARTS))


@functools.cache
def _inner_patterns() -> Mapping[str, re.Pattern[str]]:
    return _compiled(_texts(_INNER))


@functools.cache
def _titles() -> Mapping[str, re.Pattern[str]]:
    return _compiled(cause.title for cause in causes().values())


def _compiled(texts: Iterable[str]) -> dict[str, re.Pattern[str]]:
    """Each text with the pattern of what can be made of it; what has more words of its own stands first."""
    by_words = sorted(texts, key=lambda text: -len(string.Template(text).safe_substitute(_Nothing())))
    return {text: re.compile(_pattern(text), re.DOTALL) for text in by_words}


def _pattern(text: str) -> str:
    pieces, parts, seen = list(_pieces(text)), [], set()
    last = max((number for number, (_literal, name) in enumerate(pieces) if name), default=0)
    for number, (literal, name) in enumerate(pieces):
        parts.append(re.escape(literal))
        if name:
            # Only the last may have several lines: else a text that almost fits would be tried in every way there is.
            kind = "." if number == last else r"[^\n]"
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{kind}*?)")
            seen.add(name)
    return "".join(parts)


def _pieces(text: str) -> Iterable[tuple[str, str]]:
    """The text in pieces: words, and the name that stands behind them."""
    at = 0
    for match in re.finditer(r"\$(\w+)", text):
        yield text[at : match.start()], match[1]
        at = match.end()
    yield text[at:], ""


class _Nothing(dict[str, str]):
    def __missing__(self, _name: str) -> str:
        return ""
