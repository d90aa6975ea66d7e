# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of an app in one of the formats of `apps.toml`: json, commented, jsonc, toml."""

from __future__ import annotations

from collections.abc import Sequence

from . import json_edit, located_json, located_toml, toml_edit
from .json_mend import mend
from .located_json import JsonProblem, JsonSyntaxError, Node

Keys = Sequence[str | int]


def parse(form: str, text: str, only: Sequence[str] = ()) -> Node:
    """The text as the app reads it; `only` as in `located_json.parse`. Raises JsonSyntaxError or TomlSyntaxError."""
    if form == "toml":
        return located_toml.parse(text)
    try:
        return located_json.parse(text, comments=form != "json", commas=form == "jsonc", only=only)
    except JsonSyntaxError as error:
        if form != "jsonc" or error.problem is not JsonProblem.EMPTY:
            raise
        return Node({}, 0, 0)  # an editor's settings may be empty


def mended(form: str, text: str) -> str | None:
    """The text without its mistakes, None where it is not certain what was meant."""
    return None if form == "toml" else mend(text, comments=form != "json", commas=form == "jsonc")


def set_value(form: str, text: str, at: Keys, value: object) -> str:
    """The value at this place becomes `value`. Raises EditError, as all that follow."""
    if form == "toml":
        return toml_edit.set_value(text, at, value)
    return json_edit.set_value(text if text.strip() else "{}\n", at, value)


def insert_item(form: str, text: str, at: Keys, number: int, value: object) -> str:
    """The list at this place gets one more item."""
    return (
        toml_edit.insert_item(text, at, number, value)
        if form == "toml"
        else json_edit.insert_item(text, at, number, value)
    )


def remove(form: str, text: str, at: Keys) -> str:
    """Without the member or item at this place."""
    return toml_edit.remove(text, at) if form == "toml" else json_edit.remove(text, at)


def rename(form: str, text: str, at: Keys, name: str) -> str:
    """The member at this place is called `name`."""
    return toml_edit.rename(text, at, name) if form == "toml" else json_edit.rename(text, at, name)
