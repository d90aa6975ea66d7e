# SPDX-License-Identifier: GPL-3.0-or-later
"""Every cause can be read up, in words that need no report, and the page with all of them is up to date."""

from __future__ import annotations

import html.parser
import json
import re

import pytest

from diagnostics.knowledge import table
from diagnostics.knowledge.catalogue import causes
from diagnostics.knowledge.explanations import Explanation, by_link, explanations, page
from diagnostics.model import Link
from diagnostics.reports import explain_page
from tests.lab import pages

every = pytest.mark.parametrize("row", explanations().values(), ids=list(explanations()))


def test_each_cause_has_an_explanation_and_the_reverse() -> None:
    rows = {cause_id: file for file in (*Link, "internal") for cause_id in table(f"explain/{file}")}
    assert set(rows) == set(causes())
    assert all(cause_id.startswith(f"{file}.") for cause_id, file in rows.items()), "each in its link's file"
    assert [row.id for group in by_link().values() for row in group] == list(explanations())


@every
def test_rows_have_the_fields_that_are_documented(row: Explanation) -> None:
    fields = set(table(f"explain/{row.id.partition('.')[0]}")[row.id])
    assert (
        {"title", "means", "known_by", "do", "otherwise"}
        <= fields
        <= {
            *("title", "means", "known_by", "do", "otherwise", "met"),
        }
    )
    assert ("met" in fields) == bool(row.met), "a field without a thread is left out"


@every
def test_words_are_for_people(row: Explanation) -> None:
    assert not row.title.endswith(".")
    assert len(row.title) <= 100
    for text in (row.means, row.known_by, *row.steps, row.otherwise):
        assert text.endswith((".", "…", "”.")), text
    for text in (row.title, row.means, row.known_by, *row.steps, row.otherwise):
        assert not re.search(r"TODO|FIXME|  |\$[a-z]|['\"]\w+['\"]:", text), text
        assert text == text.strip()


def test_titles_tell_the_causes_apart() -> None:
    titles = [row.title for row in explanations().values()]
    assert len(set(titles)) == len(titles)


@every
def test_threads_are_public_addresses(row: Explanation) -> None:
    assert len({source.url for source in row.met}) == len(row.met)
    for source in row.met:
        assert re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+", source.url)
        owner, name, _kind, number = source.url.removeprefix("https://github.com/").split("/")
        assert source.label == f"{owner}/{name}#{number}"


@pytest.mark.parametrize("number", range(len(list(pages.pages()))))
def test_the_pages_are_up_to_date(number: int) -> None:
    file, text = list(pages.pages())[number]
    assert file.read_text(encoding="utf-8") == text, "run python -m tests.lab.pages"


def test_there_is_no_page_that_nobody_makes() -> None:
    assert sorted(page().parent.iterdir()) == sorted(file for file, _text in pages.pages())


@pytest.mark.parametrize("locale", ["", "en_US", "xx_XX", "../../model/__init__", "DEFAULT"])
def test_a_language_without_a_page_gets_the_english_one(locale: str) -> None:
    assert page(locale).name == "causes.html"
    assert page(locale).is_file()


class _Reader(html.parser.HTMLParser):
    """Collects what a page would load, its ids, and whether its tags are closed."""

    EMPTY = frozenset({"meta", "input", "br", "img", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.faq = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.ids += [named["id"] or ""] if "id" in named else []
        self.loads += [str(value) for name, value in attrs if name in {"src", "srcset", "data", "poster"}]
        self.loads += [str(named["href"])] if tag in {"link", "base"} else []
        if tag not in self.EMPTY:
            self.open.append(f"{tag} {named.get('type', '')}")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().split()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script application/ld+json":
            self.faq += data


def read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_loads_nothing_and_has_an_anchor_for_each_cause() -> None:
    reader = read(explain_page.render())
    assert reader.loads == []
    assert set(explanations()) <= set(reader.ids)
    assert len(set(reader.ids)) == len(reader.ids)


def test_the_page_has_its_questions_and_answers_for_programs() -> None:
    faq = json.loads(read(explain_page.render()).faq)
    assert (faq["@context"], faq["@type"], faq["inLanguage"]) == ("https://schema.org", "FAQPage", "en")
    assert len(faq["mainEntity"]) == len(explanations())
    for question, row in zip(faq["mainEntity"], explanations().values(), strict=True):
        assert question["@type"] == "Question"
        assert row.title in question["name"]
        assert question["acceptedAnswer"]["@type"] == "Answer"
        assert row.means.partition(" ")[0] in question["acceptedAnswer"]["text"]


def test_a_translation_cannot_become_markup() -> None:
    def hostile(text: str) -> str:
        return f"{text}</script><img src=x onerror=alert(1)>\"'&"

    reader = read(explain_page.render(hostile, 'de"><img src=x>'))
    assert reader.loads == []
    assert json.loads(reader.faq)["mainEntity"][0]["name"].count("</script>") >= 1
