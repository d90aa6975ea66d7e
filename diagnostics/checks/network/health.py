# SPDX-License-Identifier: GPL-3.0-or-later
"""What a web server says about its own health. `knowledge/health.toml` says what counts as healthy."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ...check import Context
from ...knowledge import table
from ...probes import http
from ...probes.http import HttpAnswer, Origin
from ...text import one_line

_HEALTHY, _FAILED, _UNAVAILABLE = {200, 204}, 500, 503


@dataclass(frozen=True, slots=True)
class Health:
    """The page that speaks of health, and what it says. `healthy` is None where no page does."""

    page: str = ""
    healthy: bool | None = None
    said: str = ""
    status: int = 0
    body: str = ""
    pages: tuple[HttpAnswer, ...] = ()
    """All that were asked."""


async def ask_health(origin: Origin, context: Context, *, deadline_s: float) -> Health:
    """Asks the pages, one after the other, until one speaks of health."""
    asked: list[HttpAnswer] = []
    for page in table("health")["pages"]:
        answer = await http.ask(origin, "GET", page, context.ledger, headers=[("Accept", "*/*")], deadline_s=deadline_s)
        asked.append(answer)
        healthy, said = judge(answer)
        if healthy is not None:
            return Health(page, healthy, said, answer.status, http.excerpt(answer.body), tuple(asked))
        if not answer.status:
            break  # who does not answer in HTTP, or not at all, is not asked again
    return Health(pages=tuple(asked))


def judge(answer: HttpAnswer) -> tuple[bool | None, str]:
    """Whether the answer says that the server is well, and the word by which it does; None where it does not say."""
    if answer.status == _UNAVAILABLE:
        return False, one_line(answer.body[:400].decode("utf-8", "replace"), 120)
    if answer.status not in {*_HEALTHY, _FAILED} or answer.media_type == "text/html":
        return None, ""
    healthy, said = _of_body(answer)
    return (healthy if answer.status in _HEALTHY or healthy is False else None), said


def _of_body(answer: HttpAnswer) -> tuple[bool | None, str]:
    if answer.media_type.endswith("json") or answer.body.lstrip()[:1] == b"{":
        return _of_json(answer.body)
    words = answer.body[:400].decode("utf-8", "replace").split()
    return _of_word(words[0].rstrip(".,:;!")) if words else (True, "")


def _of_json(body: bytes) -> tuple[bool | None, str]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None, ""
    if not isinstance(value, dict):
        return None, ""
    for field in table("health")["fields"]:
        if field in value:
            said = value[field]
            healthy, _word = (said, "") if isinstance(said, bool) else _of_word(said if isinstance(said, str) else "")
            return healthy, one_line(f"{field}: {json.dumps(said)}", 120)
    return None, ""


def _of_word(word: str) -> tuple[bool | None, str]:
    words, known = table("health"), word.strip().lower()
    healthy = True if known in words["good"] else False if known in words["bad"] else None
    return healthy, one_line(word, 60)
