# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs of an entry whose server cannot work as it is started, or looks for Blender at the wrong place."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

from ...check import Context
from ...knowledge import products
from ...knowledge.products import Product
from ...knowledge.sdk_breaks import next_incompatible
from ...model import Command, FileEdit, Finding
from ..entries import Entry
from ..launch_line import package_words, read_launch_line, rewritten_argv
from ..network.endpoint import Endpoint, same_place
from ..sdk import holds_sdk_back, pinned_args
from .entry_edits import command_edit, variables_edit
from .offer import offered


def sdk(found: Finding, entry: Entry, _context: Context) -> Finding:
    """The newest server, which fits the newest SDK; or the one that is there, with an SDK that fits it."""
    found = offered(found, "newest-server", *_newest(entry))
    pin = str(found.evidence.get("pin") or next_incompatible().pin)
    args = [] if holds_sdk_back(entry) else pinned_args(entry, pin)
    return offered(found, "pinned", *command_edit(entry, [entry.command.program, *args] if args else []), pin=pin)


def _newest(entry: Entry) -> tuple[FileEdit, ...]:
    line, product = read_launch_line(entry.command), entry.product
    if product is None or not product.server_entry or not line.brings or line.inside.before is None:
        return ()
    words = package_words(line, product.server_entry)
    return command_edit(entry, rewritten_argv(line, entry.command, words)) if words else ()


def port_ignored(found: Finding, entry: Entry, _context: Context) -> Finding:
    """The port in the variable that this release reads; or a release that reads it as it is given."""
    product, port = entry.product, found.evidence["port"]
    assert product is not None  # noqa: S101  # it is known which release reads what
    right = Endpoint("localhost", int(str(port)), "")
    variable = {product.port_variable: str(port)}
    if _sends_to(dataclasses.replace(entry.command, env={**entry.command.env, **variable}), product, right):
        found = offered(found, "right-port", *variables_edit(entry, variable), to=f"port {port}")
    return offered(found, "newest-server", *_newest(entry))


def port_mismatch(found: Finding, entry: Entry, _context: Context) -> Finding:
    """The place where the add-on answers, in the option that the entry uses already, else in its variables."""
    where = _answering(found)
    if entry.product is None or where is None:
        return found
    product, wanted = entry.product, str(where)
    argv = _with_option(entry, product, where)
    if argv:
        command = dataclasses.replace(entry.command, args=tuple(argv[1:]))
        edits = command_edit(entry, argv) if _sends_to(command, product, where) else ()
        return offered(found, "right-port", *edits, to=wanted, app=entry.app.name, entry=entry.name)
    variables = {product.port_variable: str(where.port)} if product.port_variable else {}
    configured = entry.endpoint[0] or "localhost"
    if variables and not same_place(Endpoint(configured, where.port, ""), where):
        variables[product.host_variable] = where.host
    command = dataclasses.replace(entry.command, env={**entry.command.env, **variables})
    edits = variables_edit(entry, variables) if _sends_to(command, product, where) else ()
    return offered(found, "right-port", *edits, to=wanted, app=entry.app.name, entry=entry.name)


def _answering(found: Finding) -> Endpoint | None:
    """Where the add-on answers: at the endpoint itself, or at another port when nothing listens there."""
    port = found.evidence.get("found_port")
    host, _colon, named = str(found.evidence.get("found_endpoint") or found.evidence["endpoint"]).rpartition(":")
    number = str(port or named)
    return Endpoint(host.strip("[]"), int(number), "") if number.isdecimal() else None


def _with_option(entry: Entry, product: Product, where: Endpoint) -> list[str]:
    """The command with the port in the option that it uses; none where it uses none."""
    argv, option = list(entry.command.argv), product.port_option
    if not option:
        return []
    for number, (word, following) in enumerate(itertools.pairwise([*argv, ""])):
        if word == option and following:
            argv[number + 1] = str(where.port)
            return argv
        if word.startswith(f"{option}="):
            argv[number] = f"{option}={where.port}"
            return argv
    return []


def _sends_to(command: Command, product: Product, where: Endpoint) -> bool:
    """Whether the server would look for Blender there: a release may not read what it is given."""
    host, port = products.configured_endpoint(command, product)
    return same_place(Endpoint(host or "localhost", port or product.default_port, ""), where)


def of_endpoint(found: Finding, entries: Sequence[Entry]) -> Entry | None:
    """The only entry whose server is sent to the endpoint at which nobody listens."""
    host, port = found.evidence.get("host"), found.evidence.get("port")
    where = Endpoint(str(host), int(str(port)), "")
    sent = [
        entry
        for entry in entries
        if entry.product is not None
        and same_place(
            Endpoint(entry.endpoint[0] or "localhost", entry.endpoint[1] or entry.product.default_port, ""), where
        )
    ]
    return sent[0] if len(sent) == 1 == len(entries) else None
