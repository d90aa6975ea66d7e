# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the diagnosis: what to test, what was seen, what it means.

Plain frozen data without behaviour of its own; every other module speaks in these types. Never imports bpy.
"""

from __future__ import annotations

import enum
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

NAME = "MCP Diagnostics"
VERSION = "0.1.0"
"""The release, as in `blender_manifest.toml` and `pyproject.toml`."""

EvidenceValue = str | int | float | bool | None | tuple[str, ...]
"""A value that may stand as evidence: shown to the user, written as JSON."""


class Link(enum.StrEnum):
    """The six links of the chain from the AI app to Blender, in the order in which a request passes them."""

    CLIENT = "client"
    LAUNCHER = "launcher"
    SERVER = "server"
    NETWORK = "network"
    ADDON = "addon"
    BLENDER = "blender"


class Verdict(enum.StrEnum):
    """How a check, a link or a whole run ended."""

    PASS = "pass"  # noqa: S105  # the word for a success, no password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    """It applies and could not be tested."""
    SKIPPED = "skipped"
    """It does not apply, or waits for something named that did not pass."""


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
class Machine:
    """The computer whose AI apps are looked at. Another home folder or system can be given, so that it can be tested.

    `platform` is the value of `sys.platform` ("linux", "darwin", "win32").
    """

    platform: str
    home: Path
    environ: Mapping[str, str]

    def folders(self, path: str) -> tuple[str, ...]:
        """The folders in the text of a PATH, as this system separates them."""
        return tuple(filter(None, path.split(self.path_separator)))

    @property
    def path_separator(self) -> str:
        """What stands between the folders of a PATH."""
        return ";" if self.platform == "win32" else ":"

    @property
    def state_folder(self) -> Path:
        """Where a program of this user keeps what it remembers, by the custom of the system; ours below it.

        XDG Base Directory Specification 0.8; Apple's File System Programming Guide; FOLDERID_LocalAppData.
        """
        if self.platform == "win32":
            given, usual = self.environ.get("LOCALAPPDATA", ""), self.home / "AppData" / "Local"
        elif self.platform == "darwin":
            given, usual = "", self.home / "Library" / "Application Support"
        else:
            given, usual = self.environ.get("XDG_STATE_HOME", ""), self.home / ".local" / "state"
        base = Path(given)
        return (base if given and base.is_absolute() else usual) / "mcp-diagnostics"

    @property
    def is_here(self) -> bool:
        """Whether this is the machine that this code runs on, so that its processes can be asked."""
        return self.platform == sys.platform and self.home == Path.home()

    @classmethod
    def current(cls) -> Machine:
        """The machine this process runs on."""
        return cls(sys.platform, Path.home(), dict(os.environ))


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


@dataclass(frozen=True, slots=True)
class Command:
    """What an AI app would start: exactly this program, with these arguments, variables and folder."""

    program: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None

    @property
    def argv(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return (self.program, *self.args)

    @property
    def digest(self) -> str:
        """SHA-256 over all that decides what would run, in hexadecimal. A changed command has another digest."""
        parts = [self.program, list(self.args), sorted(self.env.items()), self.cwd]
        return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class BridgeState:
    """One Blender MCP add-on, as this Blender itself knows it (field guide, protocols 1.7). Read on the main thread."""

    product: str
    """Id of a product in `knowledge/products.toml`."""
    module: str
    name: str
    version: tuple[int, ...]
    enabled: bool
    running: bool
    host: str | None = None
    port: int | None = None
    file: Path | None = None
    """Its source, where there is one file to read."""
    wanted: bool = False
    """The user's preferences enable it, whether or not Blender could load it."""
    needs_blender: tuple[int, ...] = ()
    """The oldest Blender that it says it works with."""
    says_running: bool = False
    """The open file says that its server runs, which was true when the file was saved."""
    start_failed: bool = False
    """It tried to start its server, and the server does not run."""
    features_off: tuple[str, ...] = ()
    """Its integrations with other services that are switched off in the open file."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Plain picture of this Blender, taken on the main thread before a run. There is none outside Blender."""

    version: tuple[int, int, int]
    version_string: str
    python: str
    pid: int
    background: bool
    online_access: bool
    bridges: tuple[BridgeState, ...] = ()
    unlisted: tuple[Path, ...] = ()
    """Files in the folders of add-ons that are called like a bridge and that Blender does not take for an add-on."""
    sandbox: str = ""
    """What keeps this Blender apart from the rest of the system: "Flatpak", "Snap" or nothing."""
    main_thread_waits: bool = False
    """The main thread waits for this run in a window, so an add-on of this process cannot answer until it is over."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """Something to do about a finding.

    `kind` is "copy" (a text for the clipboard), "open" (a place to go to) or "apply" (what a click in Blender does).
    """

    title: str
    kind: str
    text: str
    exact: str = ""
    """Like `text`, with the home folder written out: for this user's own screen and clipboard, not for a report."""
    action: str = ""
    """What "apply" does with `text`: "use-endpoint" (host:port), "enable-addon" or "start-addon" (a module)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause that was seen, with the words for it from the catalogue."""

    id: str
    link: Link | None
    """None for the doctor's own causes (`internal.…`)."""
    verdict: Verdict
    title: str
    detail: str
    evidence: Mapping[str, EvidenceValue] = field(default_factory=dict)
    remedies: tuple[Remedy, ...] = ()
    explained_by: str | None = None
    order: int = 0
    """Place in the order of repair, from 1; 0 for a finding that needs no repair."""
    elapsed_ms: float = 0.0
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Consent:
    """A command that was not started because the user has not allowed it yet."""

    digest: str
    app: str
    command_line: str
    """The whole command, for people; values that look secret are masked."""
    program: str = ""
    """The file that would be started."""
    variables: tuple[str, ...] = ()
    """Names of the variables that the entry sets; their values are never shown."""
    cwd: str | None = None
    """The folder in which it would be started, where the entry names one."""


@dataclass(frozen=True, slots=True)
class LinkResult:
    """One row of the chain."""

    link: Link
    verdict: Verdict
    summary: str
    elapsed_ms: float
    blocked_by: str | None = None
    """Id of the cause or check that it waits for."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check ended. `transcript` holds bounded lines of what its probes sent and saw."""

    id: str
    verdict: Verdict
    elapsed_ms: float
    blocked_by: str | None = None
    transcript: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """A step of the conversation with the endpoint: how it ended, and how long it took."""

    name: str
    verdict: Verdict
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class McpFacts:
    """What an MCP server told about itself, and how it was agreed with."""

    who: str
    """The entry of the AI app that starts it, or its address."""
    transport: str
    """"stdio", "Streamable HTTP" or "HTTP+SSE"."""
    offered: tuple[str, ...]
    """The versions of MCP that it was asked for, in that order."""
    negotiated: str
    supported: tuple[str, ...]
    """The versions that it says it supports; none where it does not say."""
    server: str
    """Its name and version, as it gives them."""
    capabilities: tuple[str, ...]
    experimental: tuple[str, ...]
    tools: tuple[str, ...]
    deprecated: tuple[str, ...]
    """What of it the newest revision of MCP calls deprecated."""
    steps: tuple[tuple[str, float], ...]
    """The requests by their methods, each with its milliseconds."""
    reached: str = ""
    """The Blender that answered a call of a tool through it."""


@dataclass(frozen=True, slots=True)
class Did:
    """The ledger of everything that a run touched."""

    connected: tuple[str, ...] = ()
    started: tuple[tuple[str, ...], ...] = ()
    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """Which doctor, where."""

    name: str
    version: str
    python: str
    blender: str | None
    platform: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run found; the only thing that views read. Already redacted and safe to show."""

    tool: Tool
    started: str
    """When, ISO 8601 with the offset."""
    elapsed_ms: float
    host: str
    port: int
    tls: bool
    kind: Kind
    verdict: Verdict
    headline: str
    """The answer in one sentence."""
    root_cause: str | None
    chain: tuple[LinkResult, ...]
    findings: tuple[Finding, ...]
    checks: tuple[CheckResult, ...]
    did: Did
    consents: tuple[Consent, ...] = ()
    layers: tuple[Layer, ...] = ()
    """How far the conversation with the endpoint came."""
    servers: tuple[McpFacts, ...] = ()
    """The MCP servers that answered."""
    working: WorkingSet = field(default_factory=WorkingSet)
    """What the chain consists of, as far as this run learnt it."""
    changed: tuple[str, ...] = ()
    """Of a run that fails: what is otherwise than when the chain worked last, such as "mcp 1.30.0 → 2.3.0 since …"."""
    notes: tuple[str, ...] = ()
    """Sentences about what is worth knowing and is no fault, or stands beside one."""
    masked: tuple[str, ...] = ()
    not_masked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """One Blender server of an AI app, as far as it may be shown."""

    name: str
    starts: str
    """The command, or the address of a server that is reached over HTTP."""
    endpoint: str
    """Where it looks for Blender; empty where that is not known."""
    product: str
    file: str
    line: int
    project: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class AppFacts:
    """One AI app that was found on this machine."""

    id: str
    name: str
    files: tuple[str, ...]
    entries: tuple[EntryFacts, ...] = ()
    problems: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """The AI apps of this machine. Already redacted and safe to show."""

    tool: Tool
    apps: tuple[AppFacts, ...]
    known: tuple[str, ...]
    """The apps that would have been found."""
    did: Did


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """Event: a check began, or went on with something else. `title` says what is being waited for.

    `done` of `total` checks have ended.
    """

    id: str
    title: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class CheckEnded:
    """Event: a check ended; the row of its link may already be drawn."""

    id: str
    link: Link
    verdict: Verdict
    summary: str
    elapsed_ms: float
    done: int
    total: int


Event = CheckStarted | CheckEnded
