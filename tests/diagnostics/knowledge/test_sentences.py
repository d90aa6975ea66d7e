# SPDX-License-Identifier: GPL-3.0-or-later
"""What repairs have said of themselves, said in another language: known again by the texts that it was made of."""

from __future__ import annotations

import re

import pytest

from diagnostics.knowledge import table
from diagnostics.knowledge.catalogue import finding
from diagnostics.knowledge.sentences import preview_in, sentence_in, texts
from diagnostics.remedies import plan

from ..runs import Doctor, found

DIFFERENT = {"files": "/a/x.json", "app": "Claude Desktop", "entry": "blender 2", "program": "b, for c", "pid": "12"}


def loud(text: str) -> str:
    """A language in which each text of ours is marked."""
    return f"«{text}»" if text in texts() else text


def german(text: str) -> str:
    return {
        "Add Blender to $app": "Blender zu $app hinzufügen",
        "That did not help: $title": "Das half nicht: $title",
        "The host name “$host” is not known": "$host: wer ist das?",
        "Undo “$title”, made at $when": "„$title“ von $when zurücknehmen",
        "$app writes this file anew while it runs. Quit it completely first.": "Erst $app beenden.",
    }.get(text, text)


def filled(text: str) -> str:
    return re.sub(r"\$(\w+)", lambda match: DIFFERENT.get(match[1], f"its-{match[1]}"), text)


AGES = tuple(table("ending")["age"].values())


@pytest.mark.parametrize("text", [text for text in texts() if text not in AGES])
def test_every_text_is_known_again(text: str) -> None:
    assert sentence_in(filled(text), loud) == f"«{filled(text)}»"


@pytest.mark.parametrize("text", AGES)
def test_an_age_is_known_within_others(text: str) -> None:
    """It has too few words of its own to be known by itself."""
    if "$" in text:
        assert sentence_in(filled(text), loud) == filled(text)
    preview = filled(table("ending")["words"]["preview"].strip()).replace("its-since", filled(text))
    assert f"Runs since: «{filled(text)}»\n" in sentence_in(preview, loud)


def test_a_text_within_a_text() -> None:
    assert sentence_in("Undo “Add Blender to Zed”, made at 12:00", german) == (
        "„Blender zu Zed hinzufügen“ von 12:00 zurücknehmen"
    )
    title = finding("network.name-unresolved", {"host": "boox", "error": "e", "named_by": "you"}).title
    assert sentence_in(f"That did not help: {title}", german) == "Das half nicht: boox: wer ist das?"


@pytest.mark.parametrize("sentence", ["", "Bridge stopped", "a\nb", "That did not help"])
def test_what_is_not_ours_stays(sentence: str) -> None:
    assert sentence_in(sentence, german) == sentence
    assert preview_in(sentence, german) == sentence


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "block",
    [
        "\n\nProgram: b (c)\nRuns since: d\nStarted by: e\nUser: f\n",
        "x (process 1) was asked to end, and still runs after ",
    ],
)
@pytest.mark.parametrize("times", [60, 2000])
def test_what_almost_fits_is_soon_given_up(block: str, times: int) -> None:
    assert sentence_in(block * times, german) == block * times


def test_the_preview_of_a_file_keeps_what_is_to_be_written(doctor: Doctor) -> None:
    doctor.script("bin/uvx", "")
    doctor.environ["PATH"] = str(doctor.home / "bin")
    doctor.write('{"preferences": {"note":\n"Add Blender to Zed"\n}}')
    remedy = found(doctor.run(only=["client"]), "client.no-blender-entry").remedies[0]
    change = plan(remedy, doctor.machine, own_folder=doctor.home / "own")
    words, _, diff = change.preview.partition("---")
    assert words.startswith("Claude Desktop writes this file anew")
    assert preview_in(change.preview, german) == f"Erst Claude Desktop beenden.\n---{diff}"
    assert sentence_in(change.title, german) == "Blender zu Claude Desktop hinzufügen"
