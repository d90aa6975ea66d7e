# SPDX-License-Identifier: GPL-3.0-or-later
"""A report said in another language: the same findings, the same evidence, and nothing that was masked."""

from __future__ import annotations

import dataclasses

import pytest

from diagnostics.knowledge import catalogue, table
from diagnostics.knowledge.catalogue import causes, finding
from diagnostics.knowledge.saying import finding_in, report_in
from diagnostics.model import Finding, Machine
from diagnostics.redaction import Redactor
from diagnostics.reports import render
from tests.lab import messages

from ..peers import addon, listening
from ..runs import Doctor, closed_port, found

EVIDENCE = {"host": "boox", "error": "no such name", "named_by": "you", "meant": "box"}


def loud(text: str) -> str:
    """A language in which each text of ours is marked."""
    return f"«{text}»"


def names_first(text: str) -> str:
    """A language with another order of words."""
    return {
        "The host name “$host” is not known": "$host: wer ist das?",
        "Probably this is meant": "Gemeint ist wohl",
    }.get(text, text)


def test_a_finding_is_said_with_the_same_evidence() -> None:
    made = finding("network.name-unresolved", EVIDENCE)
    said = finding_in(made, names_first)
    assert said.title == "boox: wer ist das?"
    assert said.remedies[0].title == "Gemeint ist wohl"
    assert [remedy.text for remedy in said.remedies] == [remedy.text for remedy in made.remedies]
    assert (said.id, said.verdict, said.evidence) == (made.id, made.verdict, made.evidence)


def test_english_is_what_it_was(doctor: Doctor) -> None:
    doctor.configure({"command": "blender-tool"})
    report = doctor.run()
    assert report_in(report, str) == report


@pytest.mark.parametrize("cause", list(causes()))
def test_every_text_of_every_cause_can_be_said(
    cause: str, unknown_names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without the evidence that texts depend on."""
    # No check finds it so: what a finding may not lack is not the matter here.
    monkeypatch.setattr(catalogue, "Finding", Finding)
    row = causes()[cause]
    parts = (*row.detail, *row.remedies)
    everything = {name.lstrip("!"): "seen" for part in parts if part.when for name in part.when.split(" & ")}
    for evidence in (everything, {}):
        made = finding(cause, {**evidence, "restart": ""})
        said = finding_in(made, loud)
        assert said.title == f"«{made.title}»"
        assert all(paragraph.startswith("«") for paragraph in said.detail.split("\n\n") if paragraph)
        assert all(remedy.title.startswith("«") for remedy in said.remedies)
    unknown_names.clear()


def test_evidence_that_only_fills_words_is_kept_for_that_and_not_shown(doctor: Doctor) -> None:
    doctor.configure({"command": "blender-tool"})
    report = doctor.run(only=["client", "launcher"])
    made = found(report, "launcher.not-found")
    assert "restart" in made.fills
    assert not made.fills.keys() & made.evidence.keys()
    assert "fills" not in render(report, "json")


def test_what_was_masked_stays_masked() -> None:
    secret = "hunter2-hunter2-hunter2"
    made = finding("network.name-unresolved", {**EVIDENCE, "error": f"refused {secret}", "_hidden": secret})
    masked = Redactor(Machine.current(), {secret}).all(made)
    assert secret not in str(masked)
    assert secret not in str(finding_in(masked, loud))


def test_a_text_that_masking_has_changed_is_left_as_it_is() -> None:
    """Filling the words again would bring back what was masked as a whole sentence."""
    made = finding("network.name-unresolved", EVIDENCE)
    changed = dataclasses.replace(made, title="The host name “‹masked›” is not known")
    assert finding_in(changed, loud).title == "The host name “‹masked›” is not known"


def test_what_a_check_has_added_stays() -> None:
    made = finding("network.name-unresolved", EVIDENCE)
    more = dataclasses.replace(made, detail=f"{made.detail}\n\nThe log says so too.")
    said = finding_in(more, loud).detail.split("\n\n")
    assert said[0].startswith("«")
    assert said[-1] == "The log says so too."


def test_evidence_is_not_taken_for_words() -> None:
    made = finding("network.name-unresolved", {**EVIDENCE, "host": "$error", "named_by": "The host name"})
    assert finding_in(made, names_first).title == "$error: wer ist das?"


def test_how_to_restart_an_app_is_said_too() -> None:
    kind = table("apps")["kinds"]["terminal"]
    made = finding(
        "client.config-bom", {"app": "Claude Code", "file": "f", "_restart": kind.replace("$app", "Claude Code")}
    )
    said = finding_in(made, lambda text: "Danach $app neu starten." if text == kind else text)
    assert said.remedies[0].title.endswith("Danach Claude Code neu starten.")


def test_the_headline_of_a_broken_chain_is_its_cause(doctor: Doctor) -> None:
    report = doctor.reach(closed_port(), "network")
    said = report_in(report, loud)
    assert said.headline == said.findings[0].title == f"«{report.headline}»"
    assert said.root_cause == report.root_cause


def test_the_headline_of_a_chain_that_works_with_its_parts(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        report = doctor.reach(peer.port)
    german = {"What was asked for works: $links": "Es geht: $links", "Network": "Netzwerk"}
    assert report_in(report, lambda text: german.get(text, text)).headline == "Es geht: Netzwerk, Add-on, Blender"


def test_rows_that_wait_say_so(doctor: Doctor) -> None:
    report = doctor.reach(closed_port())
    said = report_in(report, lambda text: "wartet" if text == "waits for Network" else text)
    assert [row.summary for row in said.chain if row.link == "addon"] == ["wartet"]


def test_a_finding_that_the_catalogue_does_not_know_stays() -> None:
    made = dataclasses.replace(finding("network.name-unresolved", EVIDENCE), id="network.from-another-release")
    assert finding_in(made, loud) == made


INCOMPLETE: set[str] = set()
"""Languages that are being worked on. One that is complete leaves this set and stays complete."""
LANGUAGES = messages.languages()


def test_the_languages_are_blenders_own() -> None:
    assert set(LANGUAGES) >= {"de_DE", "zh_HANS"}
    assert set(LANGUAGES) >= INCOMPLETE


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_complete(language: str, request: pytest.FixtureRequest) -> None:
    if language in INCOMPLETE:
        request.applymarker(pytest.mark.xfail(strict=True, reason="not translated yet; then take it out of INCOMPLETE"))
    assert (messages.missing(language), messages.superfluous(language)) == ([], [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_same_evidence_in_it(language: str) -> None:
    assert messages.mismatched(language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_is_a_text(language: str) -> None:
    for english, said in messages.translations(language).items():
        assert said == said.strip() != "", english
        assert english.endswith("\n") == said.endswith("\n")


def test_the_interface_is_among_the_messages() -> None:
    listed = set(messages.messages())
    for text in (
        "Run Diagnostics",  # said by the panel
        "Also Found ($count)",  # with a number in it
        "Copy Fix",  # an operator's name
        "Copy the text of this repair, ready to be pasted",  # its tooltip
        "Muted Causes",  # a property's name
        "Recognise whatever answers at this port, and say what it is",  # an item of an enumeration
        "What was sent and what came back",  # of a triangle
        "Cancelled, because another file was opened",  # a notice
        "Connected to",  # a row of details
    ):
        assert text in listed
