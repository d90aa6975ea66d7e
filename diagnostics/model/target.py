# SPDX-License-Identifier: GPL-3.0-or-later
"""What to diagnose, and what is allowed."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .verdict import Link


class Kind(enum.StrEnum):
    """What speaks at the endpoint."""

    AUTO = "auto"
    BRIDGE = "bridge"
    MCP_HTTP = "mcp-http"
    """An MCP server over Streamable HTTP."""
    MCP_SSE = "mcp-sse"
    """An MCP server over HTTP+SSE, the transport before that."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How to secure the connection: None for `ca_file` means the system's store, None for `server_name` the host."""

    ca_file: Path | None = None
    server_name: str | None = None
    client_cert: Path | None = None
    """A PEM file with the certificate to show to a server that asks for one, and its private key."""


@dataclass(frozen=True, slots=True)
class WorkingSet:
    """What a chain consists of. An empty text is not known; `packages` of an environment that was not read is empty."""

    platform: str = ""
    """Its value decides which packages there are, so packages of two platforms are compared where both have them."""
    server_package: str = ""
    server_version: str = ""
    sdk_package: str = ""
    sdk_version: str = ""
    mcp_version: str = ""
    """The version of MCP that was agreed on."""
    python_version: str = ""
    """Of the environment in which the server runs."""
    uv_version: str = ""
    addon_product: str = ""
    """Id of a product in `knowledge/products.toml`."""
    addon_version: str = ""
    addon_protocol: str = ""
    """The add-on's `protocol_version`."""
    addon_sha256: str = ""
    """Of the add-on's file, which is known inside Blender only."""
    host: str = ""
    port: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    """The server's environment: canonical name → version."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A working chain that is on record in `file`, since `day` (ISO 8601)."""

    file: Path
    day: str
    working: WorkingSet


@dataclass(frozen=True, slots=True)
class Target:
    """What to diagnose and what is allowed. Made by `diagnostics.target`, which checks every value."""

    host: str = "localhost"
    port: int = 9876
    endpoint_given: bool = False
    """The user named host or port; otherwise the AI app's own entry may say where its server looks for Blender."""
    kind: Kind = Kind.AUTO
    path: str | None = None
    """Where on the web server the MCP server is; given only for one that is reached over HTTP."""
    tls: Tls | None = None
    expect_protocol: tuple[int, ...] = ()
    """Pinned `protocol_version` of the add-on; several mean that each is fine."""
    expect_mcp: tuple[str, ...] = ()
    """Pinned versions of MCP, such as "2025-11-25"; several mean that each is fine."""
    offers: tuple[str, ...] = ("2025-11-25",)
    """Versions of MCP that a server is asked for. One with a handshake stands also for those before it."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers for an MCP server that is reached over HTTP: each name with the environment variable of its value."""
    pins: tuple[str, ...] = ()
    """PEP 508 requirements, checked for their syntax."""
    apps: tuple[str, ...] = ()
    """Ids of the AI apps to look at; none given means all that are known."""
    app_config: Path | None = None
    project: Path | None = None
    """The folder of a project whose own configuration of the AI apps is looked at too."""
    server_config: Path | None = None
    """The server's own configuration file, which is compared with the rest of the target."""
    lock: Lock | None = None
    """What the chain is compared with."""
    locked: bool = False
    """A difference from the lock is a failure, and no warning."""
    ask_versions: bool = False
    """Programs that may be started may be asked for their version too (`uvx --version`)."""
    links: frozenset[Link] = frozenset(Link)
    launch: bool = False
    """Every configured command may be started."""
    allowed_commands: frozenset[str] = frozenset()
    """`Command.digest` of the commands that the user allowed to be started."""
    ignore: frozenset[str] = frozenset()
    """Ids of causes that are shown and decide nothing."""
    deadline_s: float = 30.0
    isolate: bool = False
    """Try each server that may be started in a clean environment too, which is made for that and removed."""
    own_folder: Path | None = None
    """Where the doctor may keep files of its own; None means nowhere, and then it keeps none."""
    read: tuple[Path, ...] = ()
    """The files that had to be read to make this target, which belong into the ledger of its runs."""
