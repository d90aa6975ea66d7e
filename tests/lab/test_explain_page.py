# SPDX-License-Identifier: GPL-3.0-or-later
"""The page with all causes, in a real Chromium: it needs no network, finds, prints, and knows light and dark."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics.knowledge.explanations import explanations, page
from tests.lab import browser, inventory
from tests.lab.browser import Page
from tests.lab.fixtures import OPTIONAL

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]
PICTURES = inventory.REPOSITORY / "lab-output"
ADDRESS = page().as_uri()
SHOWN = "[...document.querySelectorAll('article')].filter(a => !a.hidden).map(a => a.id)"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if browser.program() is None:
        pytest.skip(f"{OPTIONAL}no Chromium here: {inventory.why_absent('a browser')}")
    with Page(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def opened(chromium: Page) -> Page:
    chromium.requested.clear()
    chromium.complaints.clear()
    chromium.open("about:blank")
    chromium.allow_scripts(True)
    chromium.prefer("light")
    chromium.open(ADDRESS)
    return chromium


def type_in_filter(opened: Page, words: str) -> list[str]:
    opened.value(
        f"(f => {{ f.value = {json.dumps(words)}; f.dispatchEvent(new Event('input')) }})"
        "(document.getElementById('filter'))"
    )
    shown: list[str] = opened.value(SHOWN)
    return shown


def test_it_asks_for_nothing_and_complains_of_nothing(opened: Page) -> None:
    assert [address for address in opened.requested if address != "about:blank"] == [ADDRESS]
    assert opened.complaints == []
    assert opened.value("performance.getEntriesByType('resource').length") == 0


def test_what_a_page_must_not_do_is_refused(opened: Page) -> None:
    """The page's own rules hold: even a text that had slipped in as markup could load nothing."""
    opened.value("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))")
    opened.value("new Promise(done => setTimeout(done))")
    assert any("Content Security Policy" in said for said in opened.complaints)


def test_each_cause_has_its_anchor(opened: Page) -> None:
    assert opened.value(SHOWN) == list(explanations())
    targets = opened.value("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    inside = {target[1:] for target in targets if target.startswith("#")}
    assert inside - {"contents"} == set(explanations())
    assert {target for target in targets if not target.startswith("#")} == {
        source.url for row in explanations().values() for source in row.met
    }
    assert opened.value("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == opened.value(
        "document.querySelectorAll('[id]').length"
    )


def test_an_address_leads_to_its_cause(opened: Page) -> None:
    opened.open("about:blank")
    opened.open(f"{ADDRESS}#server.orphaned")
    assert opened.value("document.querySelector(':target').id") == "server.orphaned"
    top = opened.value("document.querySelector(':target').getBoundingClientRect().top")
    assert 0 <= top < opened.value("innerHeight") / 2


def test_a_file_that_leads_on_gets_there(opened: Page, tmp_path: Path) -> None:
    """As the button in Blender does it, where the system drops the place in an address."""
    way = tmp_path / "way.html"
    place = f"{ADDRESS}#network.refused"
    way.write_text(f'<!DOCTYPE html><meta http-equiv="refresh" content="0; url={place}">', encoding="utf-8")
    opened.open(way.as_uri(), until=lambda: opened.value("location.href + document.readyState") == f"{place}complete")
    assert opened.value("document.querySelector(':target').id") == "network.refused"


def test_the_filter_shows_what_has_all_words(opened: Page) -> None:
    assert type_in_filter(opened, "UVX enoent") == ["launcher.not-found", "launcher.windows-shim"]
    assert opened.value("[...document.querySelectorAll('nav li')].filter(li => li.checkVisibility()).length") == 2
    assert opened.value("[...document.querySelectorAll('section')].filter(s => !s.hidden).length") == 1
    assert opened.value("document.getElementById('count').textContent").startswith("2 / ")
    assert type_in_filter(opened, "") == list(explanations())


def test_the_filter_says_when_nothing_is_left_and_takes_no_pattern(opened: Page) -> None:
    assert type_in_filter(opened, "zzzz") == []
    assert opened.value("document.getElementById('count').textContent") == "No cause has all of these words."
    assert type_in_filter(opened, "[(*") == []
    assert opened.complaints == []


def test_a_link_to_what_is_hidden_shows_it(opened: Page) -> None:
    type_in_filter(opened, "uvx enoent")
    opened.value(
        "new Promise(done => { addEventListener('hashchange', () => setTimeout(done));"
        " location.hash = '#blender.offline' })"
    )
    assert "blender.offline" in opened.value(SHOWN)


def test_without_scripts_everything_is_there(opened: Page) -> None:
    opened.allow_scripts(False)
    opened.open("about:blank")
    opened.open(ADDRESS)
    assert opened.value("[...document.querySelectorAll('article')].every(a => a.checkVisibility())") is True
    assert opened.value("document.getElementById('search').checkVisibility()") is False


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_can_be_read(opened: Page, scheme: str) -> None:
    opened.prefer(scheme)
    opened.open("about:blank")
    opened.open(f"{ADDRESS}#launcher.not-found")
    opened.screenshot(PICTURES / f"explain-{scheme}.png")
    ground = luminance(opened.value("getComputedStyle(document.body).backgroundColor"))
    assert (ground > 0.5) == (scheme == "light")
    for selector in ("body", "article a", ".about", "article.fail b", "article.warn b", "code", "#filter"):
        colour = luminance(opened.value(f"getComputedStyle(document.querySelector('{selector}')).color"))
        lighter, darker = max(ground, colour), min(ground, colour)
        # WCAG 2.2, success criterion 1.4.3
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, selector


def luminance(colour: str) -> float:
    """Relative luminance by WCAG."""
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def test_a_narrow_window_cuts_nothing_off(opened: Page) -> None:
    opened.value("document.documentElement.style.width = '320px'")
    assert opened.value("[...document.querySelectorAll('article')].every(a => a.scrollWidth <= a.clientWidth)") is True


def test_it_prints(opened: Page) -> None:
    printed = opened.pdf(PICTURES / "explain.pdf")
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") > 10


def test_schema_org_accepts_its_questions_and_answers(tmp_path: Path) -> None:
    """Judged by models that were generated from the vocabulary of schema.org and refuse what it does not have."""
    python = inventory.SCHEMA_ORG.python
    if not python.exists():
        pytest.skip(inventory.why_absent(inventory.SCHEMA_ORG.name))
    found = re.search(r'<script type="application/ld\+json">\n(.*?)\n</script>', page().read_text(encoding="utf-8"))
    assert found is not None
    file = tmp_path / "faq.json"
    file.write_text(found[1], encoding="utf-8")
    judge = Path(__file__).with_name("schema_org_inside.py")
    told = subprocess.run([python, judge, file], capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {"type": "FAQPage", "questions": len(explanations())}

    broken = json.loads(found[1])
    broken["mainEntity"][3]["acceptedAnswer"]["nonsense"] = "x"
    file.write_text(json.dumps(broken), encoding="utf-8")
    told = subprocess.run([python, judge, file], capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode != 0, "the judge looks at what is nested too"
