# SPDX-License-Identifier: GPL-3.0-or-later
"""The last run in which everything worked, kept in the doctor's own folder, and what has changed since.

One small file holds a record for each chain: the AI apps' entries, or the endpoint where there is none. It holds what
a report may show and nothing else. One that cannot be read counts as none, and the next good run replaces it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

from .atomic_write import atomic_write
from .knowledge import catalogue, table
from .ledger import Ledger
from .lock import LockError, as_object, differences, record, spoken_day
from .model import Lock, WorkingSet
from .probes.files import State, read_file
from .protocols import located_json
from .protocols.located_json import JsonSyntaxError

FILE_NAME = "last-good.json"
FORMAT = 1
_MOST = 50
"""Records that are kept; the oldest are forgotten."""
_SHOWN = 8
"""Changes that are told one by one."""


def remember(folder: Path, chain: str, working: WorkingSet, day: str, ledger: Ledger) -> None:
    """Keeps what worked on this day. A folder that cannot be written keeps nothing, which is no fault of the chain."""
    file = folder / FILE_NAME
    records = dict(_records(file, ledger))
    known = records.pop(chain, None)
    if known is not None and (known.day, known.working) == (day, working):
        return
    records[chain] = Lock(file, day, working)
    kept = sorted(records.items(), key=lambda item: item[1].day)[-_MOST:]
    content = {"format": FORMAT, "chains": {name: as_object(good) for name, good in kept}}
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
    read = read_file(file, ledger)
    if read.state is not State.READ:
        return {}
    try:
        text = read.data.decode()
        root = located_json.parse(text)
        if not isinstance(root.value, dict) or root.value["format"].value != FORMAT:
            return {}
        chains = root.value["chains"].value
        return {name: record(node, text, file) for name, node in chains.items()} if isinstance(chains, dict) else {}
    except (UnicodeDecodeError, JsonSyntaxError, LockError, KeyError):
        return {}
