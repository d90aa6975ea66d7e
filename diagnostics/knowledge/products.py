# SPDX-License-Identifier: GPL-3.0-or-later
"""The Blender MCP products: which server belongs to which add-on, and how each is recognised."""

from __future__ import annotations

import contextlib
import functools
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..model import Command
from ..protocols.uv_command import read_uv_command
from . import table
from .launchers import inside, name_of


@dataclass(frozen=True, slots=True)
class Product:
    """A row of `products.toml`; its header says what the fields mean."""

    id: str
    name: str
    dialects: tuple[str, ...]
    default_port: int
    packages: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    extension_ids: tuple[str, ...] = ()
    server_names: tuple[str, ...] = ()
    host_variable: str = ""
    port_variable: str = ""
    host_option: str = ""
    port_option: str = ""
    expected_protocols: tuple[tuple[str, int], ...] = ()
    option_since: str = ""
    ceiling_since: str = ""
    variable_since: str = ""
    update: str = ""
    start: str = ""
    start_operator: str = ""
    stop_operator: str = ""
    port_property: str = ""
    server_entry: str = ""
    status_tool: str = ""

    @property
    def address_variables(self) -> frozenset[str]:
        """Variables that hold a host or a port, so nothing secret."""
        return frozenset(filter(None, (self.host_variable, self.port_variable)))

    @property
    def package(self) -> str:
        """The package by which uvx brings its server, "" where none does."""
        return self.server_entry or next(iter(self.packages), "")

    @property
    def newest_protocol(self) -> int:
        """The `protocol_version` that the newest server expects of the add-on, 0 where it expects nothing."""
        return max((expected for _first, expected in self.expected_protocols), default=0)


@functools.cache
def products() -> tuple[Product, ...]:
    """All known products, the most widespread first."""
    return tuple(
        Product(**{key: _frozen(value) if isinstance(value, list) else value for key, value in row.items()})  # type: ignore[arg-type]
        for row in table("products")["product"]
    )


def _frozen(rows: list[object]) -> tuple[object, ...]:
    return tuple(_frozen(row) if isinstance(row, list) else row for row in rows)


def by_id(product_id: str) -> Product:
    """The product with this id. Raises KeyError for an unknown one."""
    return {product.id: product for product in products()}[product_id]


def of_dialect(dialect: str, port: int = 0) -> Product | None:
    """The first product whose add-on speaks this dialect, rather one whose own port this is; None where none does."""
    speak = [product for product in products() if dialect in product.dialects]
    return next((product for product in speak if product.default_port == port), speak[0] if speak else None)


def of_server_name(name: str | None) -> Product | None:
    """The product whose MCP server calls itself so in `serverInfo`."""
    return next((product for product in products() if name in product.server_names), None)


def of_command(command: Command) -> Product | None:
    """The product that this command starts, by package, module or extension; None where it does not say so."""
    seen = inside(command)
    words = [_package(word) for word in (seen.command.args if seen.image else seen.command.argv)]
    for product in products():
        known = {*product.packages, *product.modules, *product.extension_ids}
        if known.intersection(words):
            # `uv run blender-mcp` runs a console script that two products install under the same name.
            if _is_project_run(seen.command) and not known.intersection(words) - {"blender-mcp"}:
                continue
            return product
    return None


def _is_project_run(command: Command) -> bool:
    """Whether something of a project is run. `uv tool run` and `pipx run` bring a package of that name."""
    name = name_of(command.program)
    if (uv := read_uv_command(name, command.args)) is not None:
        return uv.kind == "run"
    return "run" in command.args[:3] and not {"tool", "pipx"}.intersection((name, *command.args[:2]))


def _package(word: str) -> str:
    """The distribution, module or program that a word of a command line names, without path, version and extras."""
    name = re.split(r"[\\/]", word)[-1]
    name = re.split(r"==|>=|<=|~=|!=|<|>|@|\[", name)[0]
    return name.removesuffix(".exe").removesuffix(".py").strip().lower()


def named_version(command: Command, package: str) -> Version | None:
    """The version of `package` in a word like `blender-mcp==1.5.6` or `mcp-for-blender@2.2.4`, None where none is."""
    for word in inside(command).command.argv:
        match = re.fullmatch(r"([A-Za-z0-9_.-]+?)(?:\[[^\]]*\])?(?:==|@)(\d[\w.+!-]*)", word)
        if match and canonicalize_name(match[1]) == package:
            with contextlib.suppress(InvalidVersion):
                return Version(match[2])
    return None


def expected_protocol(product: Product, command: Command) -> int:
    """The `protocol_version` that the server started by `command` expects of the add-on, 0 where it expects nothing.

    A command that names no release stands for the newest.
    """
    return protocol_of_release(product, named_release(command, product))


def protocol_of_release(product: Product, release: Version | None) -> int:
    """The `protocol_version` that this release expects, 0 where it expects nothing. None stands for the newest."""
    return max(
        (expected for first, expected in product.expected_protocols if release is None or Version(first) <= release),
        default=0,
    )


def mentions_blender(name: str, command: Command) -> bool:
    """Whether an entry is about Blender: by what it starts, else by its name or its arguments."""
    return of_command(command) is not None or any("blender" in word.lower() for word in (name, *command.argv))


def configured_endpoint(command: Command, product: Product | None) -> tuple[str | None, int | None]:
    """Host and port at which this product's server would look for Blender, None for each that is not configured.

    Of a product that is not known only the variables that all have in common are read: they name the place of a
    Blender, whoever reads them.
    """
    command, host, port = inside(command).command, "", ""
    if product is None:
        common = products()[0]
        host, port = _variable(command.env, common.host_variable), _variable(command.env, common.port_variable)
        return host or None, _port(port)
    if _reads(command, product, product.variable_since):
        host, port = _variable(command.env, product.host_variable), _variable(command.env, product.port_variable)
    if _reads(command, product, product.option_since):
        host = _option(command.args, product.host_option) or host
        port = _option(command.args, product.port_option) or port
    return host or None, _port(port)


def _port(text: str) -> int | None:
    return int(text) if text.isdecimal() and 0 < int(text[:9]) <= 65535 else None  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class IgnoredPort:
    """A port that a server is given in a way which its release does not read yet."""

    port: str
    by: str
    """The option or the variable."""
    since: str
    """The first release that reads it."""
    variable_works: bool
    """The release reads the variable, so that it can be told there."""


def ignored_ports(command: Command, product: Product, release: Version) -> tuple[IgnoredPort, ...]:
    """The ports other than the default that this release is given in vain."""
    command = inside(command).command
    reads_variable = not product.variable_since or Version(product.variable_since) <= release
    found = []
    option, variable = _option(command.args, product.port_option), _variable(command.env, product.port_variable)
    for port, by, since in (
        (option, product.port_option, product.option_since),
        (variable, product.port_variable, product.variable_since),
    ):
        told_otherwise = reads_variable and by != product.port_variable and variable == port
        if port and port != str(product.default_port) and since and release < Version(since) and not told_otherwise:
            found.append(IgnoredPort(port, by, since, reads_variable and by != product.port_variable))
    return tuple(found)


def _reads(command: Command, product: Product, since: str) -> bool:
    """Whether the release that the command names is at least `since`; one that names none is the newest."""
    release = named_release(command, product)
    return release is None or not since or Version(since) <= release


def named_release(command: Command, product: Product) -> Version | None:
    """The release of the product's server that the command names."""
    named = (named_version(command, package) for package in product.packages)
    return next((version for version in named if version), None)


def _variable(env: Mapping[str, str], name: str) -> str:
    return env.get(name, "") if name else ""


def _option(args: tuple[str, ...], option: str) -> str:
    if not option:
        return ""
    for word, following in itertools.pairwise((*args, "")):
        if word == option:
            return following
        if word.startswith(option + "="):
            return word.partition("=")[2]
    return ""
