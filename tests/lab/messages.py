# SPDX-License-Identifier: GPL-3.0-or-later
"""All texts of ours that a user may read in another language, and how far each language is.

`python -m tests.lab.messages` lists them; with a language (`de_DE`, `zh_HANS`) it says what is missing there, what
belongs to no message any more, and where a translation has other `$names` than the English text.
"""

from __future__ import annotations

import ast
import json
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from diagnostics.checks import CHECKS
from diagnostics.knowledge import sentences, table
from diagnostics.knowledge.apps import apps
from diagnostics.knowledge.catalogue import causes
from diagnostics.knowledge.explanations import explanations
from tests.lab.inventory import REPOSITORY

FOLDER = REPOSITORY / "diagnostics" / "knowledge" / "translations"
_WORDS = ("links", "verdicts", "headlines")
"""The parts of `words.toml` that the panel says; the others stand in reports and locks, which are English."""
_SAID_BY = {"say", "_tell", "_heading", "_end", "poll_message_set", "BoolProperty"}
_KEYWORDS = {"name", "description", "text", "label", "confirm_text"}
_ASSIGNED = {"bl_label", "before", "after", "why", "none", "notice", "rows"}


def messages() -> tuple[str, ...]:
    """Each message once: what findings say, what can be read up, the shared words, the interface."""
    return tuple(dict.fromkeys((*_catalogue(), *_explanations(), *_shared(), *interface())))


def _catalogue() -> Iterator[str]:
    for cause in causes().values():
        yield cause.title
        yield from (part.text for part in cause.detail)
        yield from (part.title for part in cause.remedies)


def _explanations() -> Iterator[str]:
    words = table("explain_words")
    yield from (value for value in words.values() if isinstance(value, str))
    yield from words["verdicts"].values()
    for row in explanations().values():
        yield from (row.title, row.means, row.known_by, *row.steps, row.otherwise)


def _shared() -> Iterator[str]:
    words = table("words")
    for name in _WORDS:
        yield from words[name].values()
    yield words["changes"]["heading"]
    yield "does not apply"
    yield from (f"waits for {label}" for label in words["links"].values())
    yield from table("apps")["kinds"].values()
    for app in apps():
        yield from app.restart.values()
    yield from (check.waits_for for check in CHECKS)
    yield from sentences.texts()


def interface() -> Iterator[str]:
    """What stands in the code of the panel and of the operators: labels, tooltips, and what goes through `say`."""
    for folder in ("panels", "operators"):
        for path in sorted((REPOSITORY / folder).glob("*.py")):
            for text in _in_code(ast.parse(path.read_text(encoding="utf-8"))):
                # Neither an icon's place nor a pattern nor a name for programs is read by anybody.
                if re.search("[A-Z ]", text.strip()) or text in {"yes", "no", "none", "nothing"}:
                    yield text


def _in_code(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) if "_OT_" in name:
                yield " ".join((ast.get_docstring(node) or "").split())
            case ast.Call():
                yield from _in_call(node)
            case ast.Assign(targets=[target]):
                yield from _in_assignment(target, node.value)
            case _:
                pass


def _in_call(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _SAID_BY:
        for argument in call.args:
            yield from _constants(argument)
    for keyword in call.keywords:
        if keyword.arg in _KEYWORDS:
            yield from _constants(keyword.value)
        elif keyword.arg == "items":
            yield from _rows(keyword.value)


def _in_assignment(target: ast.expr, value: ast.expr) -> Iterator[str]:
    match target, value:
        case ast.Tuple(elts=targets), ast.Tuple(elts=values):
            for one, its in zip(targets, values, strict=False):
                yield from _in_assignment(one, its)
        case (ast.Name(id="FORMATS"), _):
            yield from _rows(value)
        case (ast.Name(id="_NAMES" | "_AGO"), _):
            yield from (text for text in _constants(value) if " " in text)
        case (ast.Name(id=name) | ast.Attribute(attr=name), _) if name in _ASSIGNED:
            yield from _constants(value)
        case _:
            pass


def _constants(node: ast.AST) -> Iterator[str]:
    """The texts in an expression, but for what is compared, called or formatted in it."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from (*_constants(body), *_constants(other))
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _constants(part)
        case ast.Dict(values=parts):
            for part in parts:
                yield from _constants(part)
        case ast.Call(args=parts) if isinstance(node.func, ast.Attribute) and node.func.attr == "fromkeys":
            yield from _constants(parts[-1])
        case ast.Call(args=parts) if isinstance(node.func, ast.Name) and node.func.id == "next":
            yield from _constants(parts[-1])
        case _:
            pass


def _rows(node: ast.AST) -> Iterator[str]:
    """Names and descriptions of an enumeration's items."""
    if isinstance(node, ast.Tuple):
        for row in node.elts:
            if isinstance(row, ast.Tuple):
                for part in row.elts[1:3]:
                    yield from _constants(part)


def languages() -> list[str]:
    """The languages that there are translations for, by Blender's names."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def translations(language: str) -> dict[str, str]:
    """English text → its translation."""
    read: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return read


def names(text: str) -> set[str]:
    """The `$names` in a text."""
    found = {match["named"] or match["braced"] for match in string.Template.pattern.finditer(text)}
    return {name for name in found if name}


def missing(language: str) -> list[str]:
    """Messages without a translation."""
    known = translations(language)
    return [message for message in messages() if not known.get(message)]


def superfluous(language: str) -> list[str]:
    """Translations of what is no message any more."""
    wanted = set(messages())
    return [english for english in translations(language) if english not in wanted]


def mismatched(language: str) -> list[str]:
    """Translations with other `$names` than the English text."""
    return [english for english, said in translations(language).items() if names(english) != names(said)]


def main() -> None:
    """List all messages as JSON with empty translations, or say how far a language is."""
    if len(sys.argv) == 1:
        print(json.dumps(dict.fromkeys(messages(), ""), ensure_ascii=False, indent=1))
        return
    language = Path(sys.argv[1]).name
    for title, found in (
        ("missing", missing(language)),
        ("superfluous", superfluous(language)),
        ("other $names", mismatched(language)),
    ):
        print(f"{title}: {len(found)}")
        for text in found:
            print(f"  {json.dumps(text, ensure_ascii=False)}")


if __name__ == "__main__":
    main()
