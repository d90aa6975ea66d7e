# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of a file as a unified diff, without the secrets that stand in the file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..knowledge import products
from ..knowledge.apps import App, apps, keys
from ..model import Machine
from ..protocols import app_file
from ..protocols.located_json import JsonSyntaxError, plain
from ..protocols.located_toml import TomlSyntaxError
from ..redaction import Redactor, hide, looks_secret, secret_words
from ..text import clean

_AROUND = 3
"""Lines that are shown before and after."""
_WIDE = 400
"""Characters of a line that are shown: a file may consist of one."""
_BEFORE = 80
_LONG = 1 << 14
_COMMENT = re.compile(r"(?<![:\w\"'])//([^\n]*)|(?:^|\s)#([^\n]*)|/\*([\s\S]*?)\*/")


def diff(file: Path, old: bytes, new: bytes, app: App, machine: Machine) -> str:
    """What changes in the file, for this user's own screen. Ends with a newline."""
    before, after = (data.decode("utf-8", "replace") for data in (old, new))
    secrets = {secret for text in (before, after) for secret in _secrets(app, text)}
    redactor = Redactor(machine, secrets)
    lines = _unified(before.splitlines(), after.splitlines())
    # Hidden before anything is cut off a line, which would make half a secret unknown.
    shown = [redactor.exact(line) for line in _narrow([hide(line, secrets) for line in lines])]
    name = clean(str(file), 500)
    return "\n".join([f"--- {name}", f"+++ {name}", *shown]) + "\n"


def _unified(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The hunks. What is the same at both ends is left out first, as a file may be large."""
    most = min(len(before), len(after))
    head = next((n for n in range(most) if before[n] != after[n]), most)
    tail = next((n for n in range(most - head) if before[-1 - n] != after[-1 - n]), most - head)
    start = max(0, head - _AROUND)
    end = max(0, tail - _AROUND)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    for line in list(difflib.unified_diff(old, new, lineterm="", n=_AROUND))[2:]:
        yield _moved(line, start) if line.startswith("@@") else line


def _moved(header: str, by: int) -> str:
    return re.sub(r"([-+])(\d+)", lambda found: f"{found[1]}{int(found[2]) + by}", header)


def _narrow(lines: Sequence[str]) -> Iterator[str]:
    """The lines, of a very long one only what is around the change."""
    changed = [line for line in lines if line.startswith(("-", "+"))]
    same = 1
    if len(changed) > 1 and max(map(len, changed)) > _WIDE:
        one, other = changed[0], changed[-1]
        most = min(len(one), len(other))
        same = next((n for n in range(1, most) if one[n] != other[n]), most)
    for line in lines:
        if len(line) <= _WIDE:
            yield line
            continue
        # A piece begins between two texts, so that none is cut in half whose name is needed to know it for a secret.
        start = line.rfind(",", 1, max(1, same - _BEFORE)) + 1 if line in changed else 1
        piece = line[max(1, start) : max(1, start) + _WIDE]
        yield f"{line[0]}{'…' if start > 1 else ''}{piece}{'…' if max(1, start) + _WIDE < len(line) else ''}"


def _comments(text: str) -> set[str]:
    """What stands in comments: entries that were switched off keep their secrets there."""
    found = (next(filter(None, match), "") for match in _COMMENT.findall(text))
    return {line.strip() for comment in found for line in comment.splitlines() if line.strip()}


def _secrets(app: App, text: str) -> set[str]:
    """The texts in a configuration that must not be shown: variables, headers, and what is called like a secret."""
    try:
        only = sorted({*keys(), "projects"}) if len(text) > _LONG else ()
        root = plain(app_file.parse(app.format, text.removeprefix("\ufeff"), only))
    except (JsonSyntaxError, TomlSyntaxError):
        return _comments(text)
    open_to_all = {"PATH"} | {name for product in products.products() for name in product.address_variables}
    hiding = {"headers", "http_headers", *(one.env for one in apps())}
    found = _comments(text)
    todo: list[object] = [root]
    while todo:
        value = todo.pop()
        if isinstance(value, Mapping):
            for name, inner in value.items():
                todo.append(inner)
                if isinstance(inner, str) and looks_secret(str(name)):
                    found.add(inner)
                if name in hiding and isinstance(inner, Mapping):
                    found |= {str(one) for key, one in inner.items() if key not in open_to_all}
        elif isinstance(value, list):
            todo += value
            found |= secret_words([word for word in value if isinstance(word, str)])
    return found
