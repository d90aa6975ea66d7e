# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender server that stands in the app's file where the app does not look: under another key, or under none."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...check import Context
from ...knowledge import products
from ...knowledge.apps import apps, keys
from ...knowledge.catalogue import finding
from ...model import Command, CopyFrom, Finding, Keys, Operation, Remove, Rename
from ...protocols import located_json
from ...protocols.located_json import Node
from ...text import clean
from ..repairs.offer import offered
from .reading import Configuration
from .shape import problems

_IGNORED = re.compile(r"[-_\s]|s$")


@dataclass(frozen=True, slots=True)
class _Holder:
    """An object with servers in it, and where it stands."""

    keys: tuple[str, ...]
    node: Node
    servers: Mapping[str, Node]


def about_blender(node: Node, name: str = "") -> bool:
    """Whether something is about Blender at all, well-formed or not."""
    text = f"{name} {located_json.plain(node)}".lower()
    return "blender" in text or "blmcp" in text


def holds_servers(name: str, node: Node) -> bool:
    """Whether this member is no server: its name is what apps call their servers, and servers are in it."""
    return _is_like_a_key(name) and not _is_server(node) and bool(_servers(node))


def under_another_key(configuration: Configuration, context: Context) -> Finding | None:
    """A Blender server under the key of another app, under one that is misspelt or nested, or outside of any."""
    holder = next(_holders(configuration), None)
    if holder is None:
        return None
    name, server = next((name, node) for name, node in holder.servers.items() if about_blender(node, name))
    line, column = configuration.position(holder.node if holder.keys else server)
    renamed = _can_be_renamed(holder, configuration)
    evidence = configuration.where(context) | {
        "line": line,
        "column": column,
        "key": clean(".".join(holder.keys), 120),
        "right_key": configuration.app.key,
        "entry": clean(name, 60),
        "_renamed": renamed,
    }
    found = finding("client.config-wrong-key", evidence)
    app = configuration.app
    if any(next(problems(server, name, app), None) is not None for name, server in holder.servers.items()):
        return found
    steps = (Rename(holder.keys, app.key),) if renamed else tuple(_moved(holder, configuration))
    return offered(found, "right-key", configuration.edit(*steps)) if steps else found


def _holders(configuration: Configuration) -> Iterator[_Holder]:
    """Where Blender servers stand and the app does not look, what is likeliest first."""
    for path, node in _places(configuration):
        servers = _servers(node)
        if not path:
            # At the top stands much that an app starts, so an argument that names Blender proves nothing.
            servers = {name: server for name, server in servers.items() if _is_surely_for_blender(name, server)}
        if any(about_blender(server, name) for name, server in servers.items()):
            yield _Holder(path, node, servers)


def _places(configuration: Configuration) -> Iterator[tuple[tuple[str, ...], Node]]:
    members, key = configuration.root.value, configuration.app.key
    named = sorted((name, node) for name, node in _members(configuration.root).items() if _is_like_a_key(name))
    assert isinstance(members, dict)  # noqa: S101  # the caller has looked
    yield from (((name,), node) for name, node in named if name != key)
    yield (), configuration.root
    for name, node in named:
        yield from (((name, inner), below) for inner, below in _members(node).items() if _is_like_a_key(inner))


def _is_like_a_key(name: str) -> bool:
    """Whether it is the key of an app, but for capitals, hyphens, underscores and a last s."""
    return _plain(name) in {_plain(key) for key in keys()}


def _plain(name: str) -> str:
    return _IGNORED.sub("", name.lower())


def _members(node: Node) -> Mapping[str, Node]:
    return node.value if isinstance(node.value, dict) else {}


def _servers(node: Node) -> dict[str, Node]:
    """The members that start something."""
    return {name: server for name, server in _members(node).items() if _is_server(server)}


def _is_server(node: Node) -> bool:
    """Whether it says what is started, or where what runs already is reached."""
    members = _members(node)
    return any(isinstance(members[name].value, str | list) for name in {"command", *_urls()} & members.keys())


@functools.cache
def _urls() -> frozenset[str]:
    return frozenset(name for app in apps() for name in app.urls)


def _is_surely_for_blender(name: str, server: Node) -> bool:
    members = _members(server)
    if "command" not in members:
        return False
    words = [str(word) for key in ("command", "args") if key in members for word in _texts(members[key])]
    named = "blender" in name.lower() or "blmcp" in name.lower()
    return named or (bool(words) and products.of_command(Command(words[0], tuple(words[1:]))) is not None)


def _texts(node: Node) -> list[object]:
    plain = located_json.plain(node)
    return list(plain) if isinstance(plain, list) else [plain]


def _can_be_renamed(holder: _Holder, configuration: Configuration) -> bool:
    """Whether the whole object has only another name than it should have."""
    if len(holder.keys) != 1 or configuration.app.key in _members(configuration.root):
        return False
    return _members(holder.node).keys() == holder.servers.keys()


def _moved(holder: _Holder, configuration: Configuration) -> Iterator[Operation]:
    """The servers under the right key instead; nothing where a name is taken there or something would be lost."""
    key, file, sha256 = configuration.app.key, configuration.file, configuration.sha256
    there = _members(configuration.root).get(key)
    if there is not None and (not isinstance(there.value, dict) or there.value.keys() & holder.servers.keys()):
        return
    if _can_be_moved(holder, configuration):
        yield from (CopyFrom((key, name), file, sha256, (*holder.keys, name)) for name in holder.servers)
        yield from map(Remove, _leftovers(configuration.root, holder, key))


def _can_be_moved(holder: _Holder, configuration: Configuration) -> bool:
    """Whether nothing is lost when the servers are written anew elsewhere.

    Comments and other kinds of values than those of JSON would be, a member that stands twice, and what an editor asks
    for beside its servers.
    """
    nodes = (configuration.root, holder.node, *holder.servers.values())
    plain = configuration.app.format == "json" and configuration.is_whole
    return plain and not any(node.duplicates for node in nodes) and "${input:" not in configuration.text


def _leftovers(root: Node, holder: _Holder, key: str) -> Iterator[Keys]:
    """What is of no use once the servers are copied: they themselves, with the object that has nothing else in it."""
    at = holder.keys
    if not at or _members(holder.node).keys() != holder.servers.keys():
        yield from ((*at, name) for name in holder.servers)
    elif len(at) > 1 and at[0] != key and len(_members(_members(root)[at[0]])) == 1:
        yield at[:1]
    else:
        yield at
