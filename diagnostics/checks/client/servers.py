# SPDX-License-Identifier: GPL-3.0-or-later
"""The Blender servers in one file of an app: those that it starts, and those that it cannot use, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...check import Context
from ...knowledge import products
from ...knowledge.catalogue import finding
from ...model import Finding, Operation, Remove, SetValue
from ...protocols.json_edit import node_at
from ...protocols.located_json import Node
from ...text import clean
from ..entries import Entry, Place, RemoteEntry
from .mending import with_right_text
from .other_keys import about_blender, holds_servers, under_another_key
from .reading import Configuration
from .shape import address_of, command_of, is_off, is_provided, problems


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """A Blender entry that is there and that the app does not start."""

    name: str
    line: int
    member: str
    """What switches it off."""
    file: Path | None = None
    on: Operation | None = None
    """What switches it on, in that file."""
    sha256: str = ""


@dataclass(slots=True)
class Servers:
    """What one file holds for Blender."""

    entries: list[Entry] = field(default_factory=list)
    remote: list[RemoteEntry] = field(default_factory=list)
    off: list[SwitchedOff] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    elsewhere: Finding | None = None
    """A server in it that the app does not see, which matters only where it sees none."""

    @property
    def none(self) -> bool:
        """Nothing in the file is about Blender."""
        return not (self.entries or self.remote or self.off or self.findings)


@dataclass(frozen=True, slots=True)
class _Group:
    """The servers of one scope: all projects, or one."""

    path: str
    node: Node
    scope: str
    off: frozenset[str]
    keys: tuple[str, ...]
    listed: tuple[str, ...]
    """Where the names of those are listed that are switched off."""


def servers_in(configuration: Configuration, context: Context) -> Servers:
    """The Blender servers of a file, and what is wrong with it."""
    look = _Look(configuration, context)
    look.at_file()
    return look.found


class _Look:
    """A look at one file, and what was found so far."""

    def __init__(self, configuration: Configuration, context: Context) -> None:
        self.configuration = configuration
        self.context = context
        self.found = Servers()

    def at_file(self) -> None:
        root, key = self.configuration.root, self.configuration.app.key
        if not isinstance(root.value, dict):
            self.invalid(root, "the whole file", "an object { … }")
            return
        for group in _groups(self.configuration):
            self.at_group(group)
        if not self.found.none:
            return
        lost = [node for name, node in root.duplicates if name == key and about_blender(node)]
        if lost:
            wanted = "in the file only once: the app takes the last one, and the Blender entry is in this one"
            self.invalid(lost[0], key, wanted)
        else:
            self.found.elsewhere = under_another_key(self.configuration, self.context)

    def at_group(self, group: _Group) -> None:
        if not isinstance(group.node.value, dict):
            self.invalid(group.node, group.path, "an object { … } with one member for each server")
            return
        for name, node in group.node.value.items():
            if about_blender(node, name) and not holds_servers(name, node):
                self.at_entry(group, name, node)

    def at_entry(self, group: _Group, name: str, node: Node) -> None:
        app, file = self.configuration.app, self.configuration.file
        shown, (line, _column) = clean(name, 60), self.configuration.position(node)
        if (member := is_off(node, app)) is not None or name in group.off:
            listed = ".".join(app.excluded) or "disabledMcpServers"
            on = self.switch(group, name, member)
            self.found.off.append(SwitchedOff(shown, line, member or listed, file, on, self.configuration.sha256))
            return
        if is_provided(node, app):
            return
        problem = next(problems(node, f"{group.path}.{shown}", app), None)
        if problem is not None:
            self.invalid(*problem, mend=True)
            return
        address = address_of(node, app)
        if address is not None:
            self.found.remote.append(RemoteEntry(app, shown, str(address.value), file, line, group.scope))
            return
        command = command_of(node, app, self.context.machine, self.configuration.project)
        # What stands only in a variable or in a member that the app does not read does not make it a Blender server.
        if products.mentions_blender(name, command):
            product = products.of_command(command)
            nested = isinstance(node.value, dict) and isinstance(node.value["command"].value, dict)
            place = None if nested else Place(self.configuration.sha256, (*group.keys, name))
            self.found.entries.append(Entry(app, shown, command, file, line, product, group.scope, place))

    def switch(self, group: _Group, name: str, member: str | None) -> Operation | None:
        """What switches an entry on again."""
        if member is not None:
            return SetValue((*group.keys, name, member), not self.configuration.app.off[member])
        listed = node_at(self.configuration.root, group.listed)
        items = listed.value if listed is not None and isinstance(listed.value, list) else []
        numbers = [number for number, item in enumerate(items) if item.value == name]
        return Remove((*group.listed, numbers[0])) if len(numbers) == 1 else None

    def invalid(self, node: Node, path: str, wanted: str, *, mend: bool = False) -> None:
        line, column = self.configuration.position(node)
        evidence = self.configuration.where(self.context) | {"line": line, "column": column}
        found = finding("client.entry-invalid", evidence | {"field": path, "wanted": wanted})
        self.found.findings.append(with_right_text(found, self.configuration, node) if mend else found)


def _groups(configuration: Configuration) -> Iterator[_Group]:
    app, members = configuration.app, configuration.root.value
    assert isinstance(members, dict)  # noqa: S101  # the caller has looked
    off = _names(configuration.root, app.excluded)
    scope = str(configuration.project) if configuration.project else ""
    if (servers := members.get(app.key)) is not None:
        yield _Group(app.key, servers, scope, off, (app.key,), tuple(app.excluded))
    projects = members.get(app.projects) if app.projects and configuration.project is None else None
    if projects is None or not isinstance(projects.value, dict):
        return
    for folder, project in projects.value.items():
        own = project.value.get(app.key) if isinstance(project.value, dict) else None
        if own is not None and isinstance(own.value, dict) and own.value:
            switched_off = _names(project, ["disabledMcpServers"])
            path, keys = f"{app.projects}.{clean(folder, 200)}.{app.key}", (app.projects, folder)
            yield _Group(path, own, folder, switched_off, (*keys, app.key), (*keys, "disabledMcpServers"))


def _names(root: Node, path: list[str]) -> frozenset[str]:
    """The texts in the list at this path of members; none where there is no list."""
    node: Node | None = root if path else None
    for name in path:
        node = node.value.get(name) if node is not None and isinstance(node.value, dict) else None
    items = node.value if node is not None and isinstance(node.value, list) else []
    return frozenset(item.value for item in items if isinstance(item.value, str))
