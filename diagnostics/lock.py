# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock file: its format, and what differs between the chain that it records and another one.

A file is one JSON object with the format's number, the day, and the fields of `WorkingSet` that are known, as texts.
The files themselves are read and written elsewhere.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .knowledge import table
from .model import Lock, WorkingSet
from .protocols import located_json
from .protocols.located_json import JsonSyntaxError, Node
from .text import clean, one_line

FORMAT = 1
FILE_NAME = "mcp-diagnostics.lock"
MAX_BYTES = 1 << 20
_MARK = "mcp_diagnostics_lock"
"""The key by which a file is known to be a lock; its value is the number of the format."""
_TEXTS = tuple(field.name for field in dataclasses.fields(WorkingSet) if field.name != "packages")
_CONTEXT = {"platform"}
"""What is recorded to read the rest by it, and is not compared itself."""
_COMPARED = tuple(name for name in (*_TEXTS, "packages") if name not in _CONTEXT)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_LONGEST = 253
"""Characters of a value: what a host name may have (RFC 1035, section 2.3.4)."""
DAY = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
"""A day as it stands in files, ISO 8601."""
_FORMS = {
    "day": (DAY, "a date such as 2026-11-03"),
    "port": (
        r"[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]",
        "a port from 1 to 65535, as a text",
    ),
    "addon_sha256": (r"[0-9a-f]{64}", "64 hexadecimal digits"),
}


class LockError(ValueError):
    """The bytes are no lock. The message says where and why."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise. `field` is that of `WorkingSet`; an empty `was` or `now` means that it is not there.

    `name` is what it is called: the package, or words for the field.
    """

    field: str
    name: str
    was: str
    now: str

    def __str__(self) -> str:
        words = table("words")["working_set"]
        return f"{self.name} {self.was or words['none']} → {self.now or words['none']}"


def requirements_beside(lock: Path) -> Path:
    """The file of requirements that belongs to a lock file."""
    return lock.with_name(f"{lock.stem}.requirements.txt")


def render(lock: Lock) -> bytes:
    """The file's content: the same for the same lock, a line for each field and each package."""
    content = {_MARK: FORMAT, **as_object(lock)}
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def as_object(lock: Lock) -> dict[str, object]:
    """What is known of it, as what JSON is made of, in the order of the fields."""
    working = lock.working
    texts = {name: getattr(working, name) for name in _TEXTS if getattr(working, name)}
    packages = {"packages": dict(sorted(working.packages.items()))} if working.packages else {}
    return {"day": lock.day, **texts, **packages}


def parse(data: bytes, file: Path) -> Lock:
    """The lock in a file's content. Raises LockError with one line that names line and column, or the field."""
    if len(data) > MAX_BYTES:
        raise LockError(f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LockError(f"it is no text in UTF-8 (byte {error.start})") from None
    try:
        root = located_json.parse(text)
    except JsonSyntaxError as error:
        words = table("json_problems")[str(error.problem)]
        raise LockError(f"line {error.line}, column {error.column}: {words['text']}") from None
    if not isinstance(root.value, dict) or _MARK not in root.value:
        raise LockError(f"it is no lock file: “{_MARK}” is missing")
    number = root.value[_MARK]
    if type(number.value) is not int or number.value < 1:
        raise _wrong(text, number, _MARK, f"it must be {FORMAT}, the number of the format")
    if number.value > FORMAT:
        raise LockError(
            f"a newer release has written it (format {number.value}, this one knows {FORMAT}); update MCP Diagnostics"
        )
    return record(root, text, file, besides=_MARK)


def record(node: Node, text: str, file: Path, *, besides: str = "") -> Lock:
    """What an object with a day and the fields of a working set tells. Raises LockError that names line and field."""
    if not isinstance(node.value, dict):
        raise _wrong(text, node, "", "it must be an object { … }")
    if node.duplicates:
        name, twice = node.duplicates[0]
        raise _wrong(text, twice, name, "it stands there twice")
    members = {name: member for name, member in node.value.items() if name != besides}
    if "day" not in members:
        raise LockError("the field “day” is missing")
    day = _text(text, "day", members.pop("day"))
    return Lock(file, day, _working(text, members))


def _working(text: str, members: Mapping[str, Node]) -> WorkingSet:
    if unknown := next((name for name in members if name not in {*_TEXTS, "packages"}), None):
        raise _wrong(text, members[unknown], unknown, "a lock has no such field")
    texts = {name: _text(text, name, node) for name, node in members.items() if name != "packages"}
    packages = _packages(text, members["packages"]) if "packages" in members else {}
    return WorkingSet(**texts, packages=packages)


def _packages(text: str, node: Node) -> dict[str, str]:
    if not isinstance(node.value, dict):
        raise _wrong(text, node, "packages", "it must be an object { … } of names and versions")
    if node.duplicates:
        name, twice = node.duplicates[0]
        raise _wrong(text, twice, f"packages.{name}", "it stands there twice")
    versions = {name: _text(text, f"packages.{name}", member) for name, member in node.value.items()}
    if odd := next((name for name in versions if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name)), None):
        raise _wrong(text, node.value[odd], f"packages.{odd}", "it is no canonical name of a package")
    return versions


def _text(text: str, name: str, node: Node) -> str:
    value = node.value
    pattern, wanted = _FORMS.get(name, (r".+", "a text that is not empty"))
    if not isinstance(value, str) or not value.strip() or clean(value, len(value)) != value:
        raise _wrong(text, node, name, f"it must be {wanted}")
    if len(value) > _LONGEST or re.fullmatch(pattern, value) is None:
        raise _wrong(text, node, name, f"it must be {wanted}")
    return value


def _wrong(text: str, node: Node, name: str, why: str) -> LockError:
    line, column = located_json.position(text, node.start if node.key_start is None else node.key_start)
    return LockError(f"line {line}, column {column}: “{one_line(name, 60)}”: {why}")


def differences(was: WorkingSet, now: WorkingSet) -> tuple[Difference, ...]:
    """What is otherwise, among what both know: the server and its SDK first, the other packages last."""
    return tuple(_differences(was, now))


def _differences(was: WorkingSet, now: WorkingSet) -> Iterator[Difference]:
    told: set[str] = set()
    for name in _TEXTS:
        before, after = str(getattr(was, name)), str(getattr(now, name))
        told |= {before, after} if name.endswith("_package") else set()
        if name in _CONTEXT or not before or not after or before == after:
            continue
        if name == "host" and {before, after} <= _LOOPBACK:
            continue  # names of one place
        yield Difference(name, label(name, now), before, after)
    if not was.packages or not now.packages:
        return
    same = was.platform == now.platform
    for package in sorted({*was.packages, *now.packages} - told):
        before, after = was.packages.get(package, ""), now.packages.get(package, "")
        if before != after and (same or (before and after)):
            yield Difference("packages", package, before, after)


def recorded(working: WorkingSet) -> tuple[str, ...]:
    """What is known of a working set, by its name."""
    return _named([name for name in _COMPARED if getattr(working, name)], working)


def unknown(working: WorkingSet) -> tuple[str, ...]:
    """What is not known of a working set, by its name."""
    return _named([name for name in _COMPARED if not getattr(working, name)], working)


def unlearnt(was: WorkingSet, now: WorkingSet) -> tuple[str, ...]:
    """What `was` records and `now` does not know, by its name."""
    return _named([name for name in _COMPARED if getattr(was, name) and not getattr(now, name)], was)


def _named(fields: list[str], working: WorkingSet) -> tuple[str, ...]:
    """What the fields are called; a version speaks for its package too."""
    return tuple(
        label(name, working) for name in fields if name.replace("_package", "_version") not in {*fields} - {name}
    )


def label(field: str, working: WorkingSet) -> str:
    """What a field of a working set is called: the package whose version it is, else words."""
    package = {"server_version": working.server_package, "sdk_version": working.sdk_package}.get(field)
    return package or str(table("words")["working_set"][field])


def spoken_day(day: str, today: str) -> str:
    """A day (ISO 8601) as people say it, seen from another one: "3 November", with the year where that differs."""
    words = table("words")["days"]
    if day == today:
        return str(words["today"])
    year, month, number = day.split("-")
    spoken = f"{int(number)} {words['months'][int(month) - 1]}"
    return spoken if year == today[:4] else f"{spoken} {year}"
