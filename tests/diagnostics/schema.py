# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds JSON against the schema that is published with the product."""

from __future__ import annotations

import copy
import functools
import json
from importlib import resources
from typing import Any

import jsonschema


def published() -> dict[str, Any]:
    """The schema as users get it."""
    text = resources.files("diagnostics.reports").joinpath("report.schema.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


@functools.cache
def _validators() -> tuple[jsonschema.Draft202012Validator, jsonschema.Draft202012Validator]:
    schema = published()
    jsonschema.Draft202012Validator.check_schema(schema)
    strict = copy.deepcopy(schema)
    _close(strict)
    return jsonschema.Draft202012Validator(schema), jsonschema.Draft202012Validator(strict)


def _close(part: Any) -> None:
    """No object may have members that the schema does not name: ours have none that are not published."""
    if isinstance(part, dict):
        if part.get("type") == "object" and "properties" in part:
            part["additionalProperties"] = False
        for inner in part.values():
            _close(inner)
    elif isinstance(part, list):
        for inner in part:
            _close(inner)


def problems(document: Any) -> list[str]:
    """What in a document is not as the schema has it; nothing when all is well."""
    return [f"{error.json_path}: {error.message[:200]}" for one in _validators() for error in one.iter_errors(document)]
