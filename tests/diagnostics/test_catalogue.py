# SPDX-License-Identifier: GPL-3.0-or-later
"""Every cause that code can name has its words, and every row of the catalogue is named by some code."""

from __future__ import annotations

import ast
import functools
import itertools
import re
import string
from pathlib import Path

import pytest

import diagnostics
from diagnostics.checks import CHECKS
from diagnostics.knowledge import catalogue
from diagnostics.knowledge.catalogue import Cause, Words, causes, fill, finding
from diagnostics.model import EvidenceValue, Link, Verdict

PACKAGE = Path(diagnostics.__file__).parent
CODE = [*(PACKAGE / "checks").rglob("*.py"), PACKAGE / "engine.py"]
ID = re.compile(rf"(?:{'|'.join(Link)}|internal)\.[a-z][a-z-]*")


@functools.cache
def literals() -> set[str]:
    """All texts that stand in the code of the checks and of the engine, documentation left out."""
    found: set[str] = set()
    for path in CODE:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                found.add(node.value)
            if isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
    return found


def texts(cause: Cause) -> list[str]:
    """All that is said about a cause."""
    words = (*cause.detail, *cause.remedies)
    return [cause.title, *(part.text for part in words), *(part.title for part in words)]


def conditions(words: Words) -> set[str]:
    """The evidence that these words ask for, or ask not to be there."""
    return {name.removeprefix("!") for name in words.when.split(" & ")} - {""}


def names(text: str) -> set[str]:
    return {match["named"] or match["braced"] for match in string.Template.pattern.finditer(text)} - {None}


every = pytest.mark.parametrize("cause", causes().values(), ids=list(causes()))


def test_what_code_names_is_in_the_catalogue_and_the_reverse() -> None:
    checks = {check.id for check in CHECKS}
    named = {text for text in literals() if ID.fullmatch(text)} - checks
    assert named == set(causes())
    assert not checks & set(causes()), "an id is either a check or a cause"


@every
def test_ids_and_verdicts(cause: Cause) -> None:
    assert ID.fullmatch(cause.id)
    assert cause.verdict is not Verdict.PASS
    assert cause.title
    assert cause.detail


@every
def test_what_is_wrong_can_be_repaired(cause: Cause) -> None:
    if cause.verdict in {Verdict.FAIL, Verdict.WARN}:
        assert cause.remedies
    for remedy in cause.remedies:
        assert remedy.title
        assert remedy.text
        assert remedy.kind in {"copy", "open", "apply"}
        assert (remedy.kind == "apply") == bool(remedy.action)


ALWAYS_ONE_OF = {
    "network.refused": {"addon_here", "server_here", "tunnel_endpoint", "tunnel_command"},
    "network.timeout": {"local", "tunnel_endpoint", "tunnel_command"},
    "network.port-mismatch": {"found_listener", "wanted_port", "entry_variables"},
    "network.filtered": {"fix", "admin", "!rule"},
    "addon.import-failed": {"missing", "update_again", "place_again"},
    "addon.shared-temp": {"flatpak", "system"},
    "client.entry-lost": {"backup", "worked"},
    "launcher.not-found": {"as_json", "entry_json", "in_line", "uv", "other", "unknown"},
    "launcher.path-unexpanded": {"as_json", "uv", "gone", "unknown"},
    "launcher.not-executable": {"made_for", "denied", "error", "interpreter"},
    "launcher.tls-intercepted": {"npm", "uv"},
    "launcher.cache-locked": {"lock", "unusable", "guarded", "cloud"},
    "launcher.build-failed": {"with_python", "server", "uv"},
    "server.sdk-incompatible": {"with", "pin_install", "pin_alone", "reinstall"},
    "server.pin-violated": {"pinned", "install", "by_hand", "meant", "impossible"},
}
"""Of these conditions the check gives one at least, whatever it has seen."""


@every
def test_no_situation_is_without_a_remedy(cause: Cause) -> None:
    if cause.verdict not in {Verdict.FAIL, Verdict.WARN}:
        return  # nothing is broken
    names = sorted(set().union(*map(conditions, cause.remedies)))
    certain = ALWAYS_ONE_OF.get(cause.id, set())
    assert {one.removeprefix("!") for one in certain} <= set(names)
    for seen in itertools.product([False, True], repeat=len(names)):
        evidence: dict[str, EvidenceValue] = dict(zip(names, seen, strict=True))
        if certain and not any(Words("", when=one).applies(evidence) for one in certain):
            continue
        assert not cause.remedies or any(words.applies(evidence) for words in cause.remedies), evidence


_PROGRAMS = {"uv", "uvx", "flatpak", "netsh", "mcp-diagnostics", "blender", "docker", "sudo"}


@every
def test_what_is_typed_in_a_terminal_begins_with_a_program(cause: Cause) -> None:
    """A command that the code makes has a name; one that stands here begins with a program and needs no quotes."""
    for words in cause.remedies:
        in_terminal = re.search(r"(?<!; )(?:^|, )in a terminal|run this there", words.title, re.IGNORECASE)
        if words.kind == "copy" and in_terminal and not words.text.startswith(("$", "--")):
            assert words.text.split()[0] in _PROGRAMS, words.text
            assert not re.search(r"'[^']*\$|\"[^\"]*\$", words.text), "the code quotes what it fills in"


@every
def test_no_remedy_is_left_to_be_filled_in(cause: Cause) -> None:
    for words in cause.remedies:
        assert "…" not in words.text
        if "/path/to" in words.text:
            assert re.search("with the path of that file|not known", words.title)


@every
def test_words_name_what_some_code_knows(cause: Cause) -> None:
    known = {text.removeprefix("_") for text in literals()}
    for text in texts(cause):
        assert string.Template(text).is_valid()
        assert names(text) <= known
    for words in (*cause.detail, *cause.remedies):
        assert conditions(words) <= known


@every
def test_explanations_exist(cause: Cause) -> None:
    assert set(cause.explained_by) <= set(causes())
    assert len(set(cause.explained_by)) == len(cause.explained_by)


@every
def test_no_cause_explains_itself_through_others(cause: Cause) -> None:
    seen: set[str] = set()
    pending = list(cause.explained_by)
    while pending:
        other = pending.pop()
        assert other != cause.id
        if other not in seen:
            seen.add(other)
            pending += causes()[other].explained_by


@every
def test_words_are_for_people(cause: Cause) -> None:
    assert not any(re.search("TODO|FIXME|  ", text) for text in texts(cause))
    assert not cause.title.endswith(".")
    for words in cause.detail:
        assert words.text.strip() == words.text


def test_a_finding_has_its_evidence_in_its_words() -> None:
    made = finding(
        "network.name-unresolved", {"host": "box\x1b", "error": "unknown", "named_by": "you", "_hidden": "x"}
    )
    assert made.title == "The host name “box\\x1b” is not known"
    assert (made.link, made.verdict) == (Link.NETWORK, Verdict.FAIL)
    assert made.evidence == {"host": "box\\x1b", "error": "unknown", "named_by": "you"}


def test_what_was_not_seen_is_no_evidence() -> None:
    seen = {
        "host": "a",
        "error": "b",
        "named_by": "c",
        "nothing": None,
        "empty": "",
        "none": (),
        "zero": 0,
        "no": False,
    }
    assert set(finding("network.name-unresolved", seen).evidence) == {"host", "error", "named_by", "zero", "no"}


def test_evidence_is_bounded() -> None:
    made = finding("network.name-unresolved", {"host": "a" * 10**6, "error": ("x" * 10**6,) * 1000, "named_by": "c"})
    assert len(made.detail) < 20_000


def test_evidence_is_not_taken_for_words() -> None:
    made = finding("network.name-unresolved", {"host": "$error ${named_by} $$", "error": "b", "named_by": "c"})
    assert "“$error ${named_by} $$”" in made.title


def test_an_unknown_cause_or_name(unknown_names: list[str]) -> None:
    with pytest.raises(KeyError):
        finding("network.nonsense", {})
    assert fill("$who?", {}) == "…?"
    assert unknown_names == ["who"]
    unknown_names.clear()


def test_words_apply_when_they_say_so() -> None:
    assert Words("a").applies({})
    assert Words("a", when="x").applies({"x": "y"})
    assert not Words("a", when="x").applies({"x": False})
    assert Words("a", when="!x").applies({"x": False})
    assert not Words("a", when="!x").applies({"x": 1})


def test_doctors_own_causes_belong_to_no_link() -> None:
    evidence = {"check": "a", "error": "b", "place": "c"}
    assert catalogue.finding("internal.crash", evidence).link is None
