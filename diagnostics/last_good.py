# SPDX-License-Identifier: GPL-3.0-or-later
"""The last run in which everything worked, kept in the doctor's own folder, and what has changed since.

One small file holds a record for each chain: the AI apps' entries, or the endpoint where there is none; and which
entries of the apps worked, so that a lost one is known. It holds what a report may show and nothing else. One that
cannot be read counts as none, and the next good run replaces it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .atomic_write import atomic_write
from .knowledge import catalogue, table
from .ledger import Ledger
from .lock import DAY, LockError, as_object, differences, record, spoken_day
from .model import Lock, WorkedEntry, WorkingSet
from .probes.files import State, read_file
from .protocols import located_json
from .protocols.located_json import JsonSyntaxError, Node
from .text import clean

FILE_NAME = "last-good.json"
FORMAT = 1
_MOST = 50
"""Records that are kept; the oldest are forgotten."""
_LONG = 4000
"""Characters of a text, and texts of a list, in a record."""
_SHOWN = 8
"""Changes that are told one by one."""


def remember(
    folder: Path,
    chain: str,
    working: WorkingSet,
    day: str,
    ledger: Ledger,
    *,
    entries: Sequence[WorkedEntry] = (),
) -> None:
    """Keeps what worked on this day. A folder that cannot be written keeps nothing, which is no fault of the chain.

    `entries` replace all that are known of their files, so that one which was renamed is not missed later.
    """
    file = folder / FILE_NAME
    records, known_entries = dict(_records(file, ledger)), worked_entries(folder, ledger)
    anew = {(entry.app, entry.file) for entry in entries}
    worked = (*(one for one in known_entries if (one.app, one.file) not in anew), *entries)[-_MOST:]
    known = records.pop(chain, None)
    if known is not None and (known.day, known.working, known_entries) == (day, working, worked):
        return
    records[chain] = Lock(file, day, working)
    kept = sorted(records.items(), key=lambda item: item[1].day)[-_MOST:]
    content: dict[str, object] = {"format": FORMAT, "chains": {name: as_object(good) for name, good in kept}}
    content |= {"entries": [dataclasses.asdict(entry) for entry in worked]} if worked else {}
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        ledger.written(file)
        atomic_write(file, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def changed_since(folder: Path, chain: str, working: WorkingSet, today: str, ledger: Ledger) -> tuple[str, ...]:
    """What is otherwise than when the chain worked last, a text each, such as "mcp 1.30.0 → 2.3.0 since 3 November"."""
    known = _records(folder / FILE_NAME, ledger).get(chain)
    if known is None:
        return ()
    words, day = table("words")["changes"], spoken_day(known.day, today)
    found = differences(known.working, working)
    told = [catalogue.fill(words["change"], {"change": str(one), "day": day}) for one in found[:_SHOWN]]
    if len(found) > _SHOWN:
        told.append(catalogue.fill(words["more"], {"count": len(found) - _SHOWN, "day": day}))
    return tuple(told)


def _records(file: Path, ledger: Ledger) -> Mapping[str, Lock]:
    """The records in the file; none where it is broken or missing."""
    text, members = _members(file, ledger)
    chains = members["chains"].value if "chains" in members else None
    try:
        return {name: record(node, text, file) for name, node in chains.items()} if isinstance(chains, dict) else {}
    except LockError:
        return {}


def worked_entries(folder: Path, ledger: Ledger) -> tuple[WorkedEntry, ...]:
    """The entries of AI apps that worked when all did, each with the day; none where nothing can be read."""
    _text, members = _members(folder / FILE_NAME, ledger)
    listed = members["entries"].value if "entries" in members else None
    found = (_worked(located_json.plain(node)) for node in listed) if isinstance(listed, list) else ()
    return tuple(entry for entry in found if entry is not None)[-_MOST:]


def _worked(row: object) -> WorkedEntry | None:
    """The entry of a row, None for one that this release has not written so."""
    if not isinstance(row, dict) or row.keys() != {field.name for field in dataclasses.fields(WorkedEntry)}:
        return None
    lists = {name: row[name] for name in ("words", "variables")}
    texts: dict[str, Any] = {name: value for name, value in row.items() if name not in lists}
    if not all(isinstance(value, list) and len(value) <= _LONG for value in lists.values()):
        return None
    every = (*texts.values(), *lists["words"], *lists["variables"])
    sound = all(isinstance(text, str) and clean(text, _LONG) == text for text in every)
    if not sound or not lists["words"] or re.fullmatch(DAY, texts["day"]) is None:
        return None
    return WorkedEntry(**texts, words=tuple(lists["words"]), variables=tuple(lists["variables"]))


def _members(file: Path, ledger: Ledger) -> tuple[str, Mapping[str, Node]]:
    """The file's text and what stands in it by name; nothing where it is broken, missing, or of another format."""
    read = read_file(file, ledger)
    if read.state is not State.READ:
        return "", {}
    try:
        text = read.data.decode()
        members = located_json.parse(text).value
    except (UnicodeDecodeError, JsonSyntaxError):
        return "", {}
    if not isinstance(members, dict) or "format" not in members or members["format"].value != FORMAT:
        return "", {}
    return text, members
