# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in an environment with `schema-org-py`: reads JSON-LD from a file as the types that it names, strictly."""

import json
import pathlib
import sys

import schema_org


def made(value):
    """The value as an instance of its schema.org type; raises where the vocabulary has no such property or value."""
    if isinstance(value, list):
        return [made(item) for item in value]
    if not isinstance(value, dict):
        return value
    rest = {key: made(item) for key, item in value.items() if not key.startswith("@")}
    return getattr(schema_org, value["@type"])(**rest)


told = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
assert told["@context"] == "https://schema.org"
page = made(told)
for question in page.main_entity:
    assert question.name, "a question has a text"
    assert question.accepted_answer.text, "and an answer"
print(json.dumps({"type": type(page).__name__, "questions": len(page.main_entity)}))
