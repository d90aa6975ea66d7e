# SPDX-License-Identifier: GPL-3.0-or-later
"""All causes as one HTML page that needs no network: to read, to search, to print, and with an anchor for each."""

from __future__ import annotations

import html
import json
import string
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from typing import Any

from ..knowledge import table
from ..knowledge.catalogue import fill
from ..knowledge.explanations import Explanation, by_link

_SECTION = """<section aria-labelledby="link-{name}">
<h2 id="link-{name}">{label}</h2>
{articles}
</section>"""

_ARTICLE = """<article id="{id}" class="filterable {verdict}">
<h3>{title}</h3>
<p class="about"><b>{effect}</b> · <code>{id}</code></p>
<p>{means}</p>
<h4>{known_by_heading}</h4>
<p>{known_by}</p>
<h4>{steps_heading}</h4>
{steps}
<h4>{otherwise_heading}</h4>
<p>{otherwise}</p>
{met}<p class="about back"><a href="#contents">{to_contents}</a></p>
</article>"""


def render(translate: Callable[[str], str] = str, language: str = "en") -> str:
    """The whole page. `translate` says a text of ours in another language, whose HTML name is `language`."""
    words = {key: translate(value) for key, value in table("explain_words").items() if isinstance(value, str)}
    effects = {key: translate(value) for key, value in table("explain_words")["verdicts"].items()}
    labels = {name: translate(label) for name, label in table("words")["links"].items()}
    labels["internal"] = words["internal"]
    groups = {name: [row.said(translate) for row in group] for name, group in by_link().items()}
    page = string.Template(resources.files(__package__).joinpath("explain_page.html").read_text(encoding="utf-8"))
    return page.substitute(
        {key: html.escape(words[key]) for key in ("title", "intro", "filter", "contents")},
        language=html.escape(language),
        links="\n".join(_contents(labels[name], group) for name, group in groups.items()),
        sections="\n".join(
            _SECTION.format(
                name=name,
                label=html.escape(labels[name]),
                articles="\n".join(_article(row, words, effects) for row in group),
            )
            for name, group in groups.items()
        ),
        faq=_in_script(_faq([row for group in groups.values() for row in group], words, language)),
        shown=_in_script(words["shown"]),
        none_shown=_in_script(words["none_shown"]),
    )


def _contents(label: str, group: list[Explanation]) -> str:
    rows = "\n".join(f'<li><a href="#{row.id}">{html.escape(row.title)}</a></li>' for row in group)
    return f"<div>\n<h3>{html.escape(label)}</h3>\n<ul>\n{rows}\n</ul>\n</div>"


def _article(row: Explanation, words: Mapping[str, str], effects: Mapping[str, str]) -> str:
    return _ARTICLE.format(
        id=row.id,
        verdict=row.verdict,
        effect=html.escape(effects[row.verdict]),
        title=html.escape(row.title),
        means=html.escape(row.means),
        known_by=html.escape(row.known_by),
        steps=_steps(row),
        otherwise=html.escape(row.otherwise),
        met="".join(f"{line}\n" for line in _met(row, words)),
        to_contents=html.escape(words["to_contents"]),
        **{f"{key}_heading": html.escape(words[key]) for key in ("known_by", "steps", "otherwise")},
    )


def _steps(row: Explanation) -> str:
    if len(row.steps) == 1:
        return f"<p>{html.escape(row.steps[0])}</p>"
    return "<ol>" + "".join(f"<li>{html.escape(step)}</li>" for step in row.steps) + "</ol>"


def _met(row: Explanation, words: Mapping[str, str]) -> Iterator[str]:
    if row.met:
        yield f"<h4>{html.escape(words['met'])}</h4>"
        threads = (
            f'<a href="{html.escape(source.url)}" rel="noreferrer">{html.escape(source.label)}</a>'
            for source in row.met
        )
        note = f" {html.escape(words['met_note'])}" if row.met_elsewhere else ""
        yield f'<p class="threads">{", ".join(threads)}.{note}</p>'


def _faq(rows: list[Explanation], words: Mapping[str, str], language: str) -> dict[str, Any]:
    """The same as questions and answers, by schema.org's FAQPage (https://schema.org/FAQPage)."""
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "name": words["title"],
        "description": words["intro"],
        "inLanguage": language,
        "mainEntity": [
            {
                "@type": "Question",
                "@id": f"#{row.id}",
                "name": fill(words["question"], {"title": row.title}),
                "acceptedAnswer": {"@type": "Answer", "text": _answer(row, words)},
            }
            for row in rows
        ],
    }


def _answer(row: Explanation, words: Mapping[str, str]) -> str:
    """The answer as the simple HTML that such pages may have in it."""
    otherwise = f"<p><b>{html.escape(words['otherwise'])}:</b> {html.escape(row.otherwise)}</p>"
    return f"<p>{html.escape(row.means)}</p>{_steps(row)}{otherwise}"


def _in_script(value: object) -> str:
    """The value as JSON that may stand between script tags."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")
