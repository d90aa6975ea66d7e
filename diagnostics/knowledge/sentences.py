# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in another language what a repair has said of itself: its name, what it did, why it was not made, if it helped.

Such a sentence is made and kept in English. It is known again by the text of ours that it was made of; whatever stands
at the place of a `$name` is taken over as it is, so nothing can come back that was masked.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable

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
_RESTART = (("apps", ("kinds",)),)
"""How an app is made to read its configuration again stands in sentences of findings and of repairs."""
_OWN = frozenset({"age", "call", "command", "link", "parent", "repaired", "restart", "said", "since", "title"})
"""What stands at the place of these names may be a text of ours again."""


def texts() -> tuple[str, ...]:
    """All texts that such sentences are made of."""
    return tuple(dict.fromkeys((*_texts(_PARTS), *_texts(_INNER))))


def _texts(tables: Iterable[tuple[str, tuple[str, ...]]]) -> Iterable[str]:
    return (str(text).strip() for name, parts in tables for part in parts for text in table(name)[part].values())


def sentence_in(sentence: str, translate: Translate) -> str:
    """The sentence in another language, by `translate`, which does that for a text of ours. Others stay as they are."""
    return _sentence_in(sentence, translate, _whole())


def preview_in(preview: str, translate: Translate) -> str:
    """What a change shows of itself, with those of its paragraphs and lines said again that are texts of ours."""
    blocks = preview.split("\n\n")
    whole = sentence_in(preview, translate)
    return whole if whole != preview else "\n\n".join(_block_in(block, translate) for block in blocks)


def _block_in(block: str, translate: Translate) -> str:
    said = sentence_in(block, translate)
    return said if said != block else "\n".join(sentence_in(line, translate) for line in block.split("\n"))


def _sentence_in(sentence: str, translate: Translate, texts: Iterable[str]) -> str:
    if len(sentence) > _LONGEST:
        return sentence
    for text in texts:
        if all(literal in sentence for literal, _name in _pieces(text)) and (
            match := _pattern(text).fullmatch(sentence)
        ):
            fills = match.groupdict()
            own = {name: inner_in(fills[name], translate) for name in _OWN & fills.keys()}
            return fill(translate(text), fills | own)
    return translate(sentence)


def inner_in(value: str, translate: Translate) -> str:
    """A text of ours within another, in another language."""
    said = (_sentence_in(value, translate, texts()) for texts in (_whole, _within, _titles))
    return next((other for other in said if other != value), value)


@functools.cache
def _whole() -> tuple[str, ...]:
    return _most_words_first(_texts(_PARTS))


@functools.cache
def _within() -> tuple[str, ...]:
    return _most_words_first((*_texts(_INNER), *_texts(_RESTART)))


@functools.cache
def _titles() -> tuple[str, ...]:
    return _most_words_first(cause.title for cause in causes().values())


def _most_words_first(texts: Iterable[str]) -> tuple[str, ...]:
    """What has more words of its own first: it tells more."""
    return tuple(sorted(texts, key=lambda text: -sum(len(literal) for literal, _name in _pieces(text))))


@functools.cache
def _pattern(text: str) -> re.Pattern[str]:
    """What can be made of a text. Made when something may fit it: all together take longer than drawing may."""
    pieces, parts, seen = _pieces(text), [], set()
    last = max((number for number, (_literal, name) in enumerate(pieces) if name), default=0)
    for number, (literal, name) in enumerate(pieces):
        parts.append(re.escape(literal))
        if name:
            # Only the last may have several lines: else a text that almost fits would be tried in every way there is.
            kind = "." if number == last else r"[^\n]"
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{kind}*?)")
            seen.add(name)
    return re.compile("".join(parts), re.DOTALL)


@functools.cache
def _pieces(text: str) -> tuple[tuple[str, str], ...]:
    """The text in pieces: words, and the name that stands behind them."""
    words = re.split(r"\$(\w+)", text)
    return tuple(zip(words[::2], [*words[1::2], ""], strict=True))
