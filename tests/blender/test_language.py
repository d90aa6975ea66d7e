# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed extension in the user's language, and the button that opens the page about a cause."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from diagnostics.knowledge.catalogue import causes, fill
from tests.blender.installation import Installed, in_the_oldest_and_the_newest
from tests.lab import inventory, messages
from tests.lab.extension import MODULE
from tests.lab.headless import wanted

pytestmark = [pytest.mark.blender, pytest.mark.timeout(300)]

INSIDE = Path(__file__).with_name("inside") / "language.py"
PROGRAMS = [pytest.param(found, id=f"blender-{found[0]}") for found in wanted() if found[0] not in inventory.WHEELS]
"""A bpy wheel brings no languages."""
LANGUAGES = ["de_DE", "zh_HANS"]
EVIDENCE = {
    "product": "MCP for Blender",
    "endpoint": "localhost:9876",
    "_start": "Start",
    "_operator": "blendermcp.start",
}
in_programs = pytest.mark.parametrize("headless", PROGRAMS, indirect=True)
in_languages = pytest.mark.parametrize("language", LANGUAGES)


def call(installed: Installed, function: str, **arguments: Any) -> Any:
    return installed.blender.call(INSIDE, function, installed.resources, enable=[MODULE], **arguments)


@in_programs
@in_languages
def test_a_finding_is_said_in_the_users_language(installed: Installed, language: str) -> None:
    assert language in call(installed, "languages")
    told = call(installed, "said", language=language, evidence=EVIDENCE)

    known, cause = messages.translations(language), causes()["addon.not-started"]
    seen = {key.lstrip("_"): value for key, value in EVIDENCE.items()}
    assert told["title"] == fill(known[cause.title], seen) != told["english"]
    assert told["detail"] == "\n\n".join(fill(known[words.text], seen) for words in cause.detail)
    assert told["remedies"] == [fill(known[words.title], seen) for words in cause.remedies]
    assert told["label"] == known["Also Found ($count)"].replace("$count", "3")
    assert told["tooltip"] == known["Copy the text of this repair, ready to be pasted"]
    assert told["operator"] == known["Copy Fix"]
    outcome, inner = known["Undo “$title”, made at $when"], known["Add Blender to $app"].replace("$app", "Zed")
    assert told["outcome"] == fill(outcome, {"title": inner, "when": "12:00"})
    assert told["outcome_switched_off"] == told["outcome_afterwards"] == "Undo “Add Blender to Zed”, made at 12:00"
    assert told["word"] == known["OK"], "and not Blender's own word for the button"
    assert told["switched_off"] == told["english"], "a user who wants the interface in English has it so"
    assert told["afterwards"] == "Also Found (3)"


@in_programs
def test_a_report_is_said_once_and_kept(installed: Installed) -> None:
    told = call(installed, "drawing", language="de_DE", report=installed.resources / "german.json")

    assert told["cached"] is True
    assert told["english"] != told["headline"], "the report itself stays English"
    assert told["english_is_the_report"] is True


@in_programs
@in_languages
def test_translations_go_without_a_trace(installed: Installed, language: str) -> None:
    english = "Copy the text of this repair, ready to be pasted"
    said = messages.translations(language)[english]

    assert call(installed, "goes_without_a_trace", language=language) == [english, said, english, said, english]


@in_programs
def test_another_language_is_loaded_when_the_user_chooses_it(installed: Installed) -> None:
    told = call(installed, "follow", language="zh_HANS")

    assert (told["idle"], told["waiting"]) == (False, True)
    assert told["label"] == messages.translations("zh_HANS")["Run Diagnostics"]


@in_programs
@pytest.mark.parametrize("language", ["fr_FR", "en_US"])
def test_a_language_that_we_do_not_have_is_english(installed: Installed, language: str) -> None:
    told = call(installed, "said", language=language, evidence=EVIDENCE)

    assert told["title"] == told["english"]
    assert told["label"] == "Also Found (3)"


def test_the_button_opens_the_page_at_its_cause(installed: Installed) -> None:
    """In every Blender: the small file leads to the page that the zip has brought, at the anchor of the cause."""
    told = call(installed, "explained", cause="launcher.not-found")

    way = Path(unquote(urlsplit(told["address"]).path))
    assert told["address"].startswith("file:///")
    assert way.is_file()
    assert way.is_relative_to(installed.resources)
    target = re.search(r'content="0; url=([^"]+)"', way.read_text(encoding="utf-8"))
    assert target is not None
    place = urlsplit(html.unescape(target[1]))
    assert place.fragment == "launcher.not-found"
    assert '<article id="launcher.not-found"' in Path(unquote(place.path)).read_text(encoding="utf-8")
    assert told["told"] == ["FINISHED"]


@in_the_oldest_and_the_newest
def test_where_nothing_can_be_written_the_page_itself_is_opened(installed: Installed) -> None:
    place = urlsplit(call(installed, "explained_without_a_folder", cause="network.refused"))

    assert place.fragment == "network.refused"
    assert Path(unquote(place.path)).name == "causes.html"


@in_the_oldest_and_the_newest
def test_a_cause_that_is_not_known_opens_the_contents(installed: Installed) -> None:
    address = call(installed, "explained", cause='nonsense"><script>')["address"]

    assert address.endswith("/causes.html")
