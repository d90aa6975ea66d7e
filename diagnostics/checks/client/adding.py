# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs that put a Blender server into the file of an app: a new one, or one that stands somewhere else."""

from __future__ import annotations

from collections.abc import Mapping

from ...check import Context
from ...knowledge.apps import App
from ...model import CopyFrom, FileEdit, Finding, Operation, Remove, SetValue
from ...protocols.located_json import Node
from ..repairs.offer import offered
from .reading import Configuration, Refused, digest_of
from .writing import NAME, known_uvx, new_server


def with_new_entry(found: Finding, app: App, place: Configuration | Refused, context: Context) -> Finding:
    """A new entry, where `uvx` is here to start it and the name is free; an empty file is one without servers."""
    uvx = known_uvx(context)
    if uvx is None or (isinstance(place, Configuration) and not _is_free(place, app)):
        return found
    sha256 = place.sha256 if isinstance(place, Configuration) else digest_of(place.read.data)
    add = SetValue((app.key, NAME), new_server(app, str(uvx)))
    return offered(found, "add-entry", FileEdit(place.file, sha256, app.id, (add,)))


def _is_free(place: Configuration, app: App) -> bool:
    members = place.root.value
    servers = members.get(app.key) if isinstance(members, dict) else None
    return servers is None or (isinstance(servers.value, dict) and NAME not in servers.value)


def with_copies(
    found: Finding, name: str, to: Configuration, source: Configuration, servers: Mapping[str, Node], *, move: bool
) -> Finding:
    """These servers of another file of the app, copied into this one. `move`: and all servers taken out there.

    Nothing is done where one of that name is there already.
    """
    app = to.app
    members = to.root.value
    there = members.get(app.key) if isinstance(members, dict) else None
    taken = there.value if there is not None else {}
    if not isinstance(members, dict) or not isinstance(taken, dict) or not servers or servers.keys() & taken.keys():
        return found
    steps: tuple[Operation, ...] = tuple(
        CopyFrom((app.key, one), source.file, source.sha256, (app.key, one)) for one in servers
    )
    edits = [to.edit(*steps)]
    if move:
        edits.append(source.edit(Remove((app.key,))))
    return offered(found, name, *edits, entry=", ".join(servers))
