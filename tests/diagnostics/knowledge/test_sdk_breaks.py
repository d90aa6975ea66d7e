# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of breaks of the SDK is compared with the real SDK of each line."""

from __future__ import annotations

import re
import subprocess

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from diagnostics.knowledge import sdk_breaks
from diagnostics.knowledge.sdk_breaks import Break, breaks, lets_in, of_import
from tests.lab import inventory

OLD, NEW = inventory.SDKS

removals = pytest.mark.parametrize(
    "known", [b for b in breaks() if b.modules], ids=lambda known: known.modules[0] if known else ""
)


def imports(sdk: str, code: str) -> bool:
    """Whether this code runs with the real SDK of this release."""
    python = inventory.sdk_python(sdk)
    if not python.exists():
        pytest.skip(inventory.why_absent(f"mcp {sdk}"))
    return subprocess.run([python, "-I", "-c", code], capture_output=True, check=False, timeout=60).returncode == 0


@removals
def test_what_was_removed_was_there_before(known: Break) -> None:
    gone = [f"import {module}" for module in known.modules]
    gone += [f"from {module} import {name}" for module, _colon, name in (n.partition(":") for n in known.names)]
    tried = "def tried(code):\n    try:\n        exec(code)\n    except ImportError:\n        return code\n"
    each = f"{tried}left = [tried(code) for code in {gone!r}]\n"
    # `mcp.client.websocket` of the old line needs a package that only its extra brings.
    optional = [line for line in gone if "websocket" in line]
    assert imports(OLD, f"{each}assert not set(filter(None, left)) - set({optional!r}), left")
    assert imports(NEW, f"{each}assert None not in left, left")


@removals
def test_the_shim_works_with_both(known: Break) -> None:
    assert imports(OLD, known.shim)
    assert imports(NEW, known.shim)


def test_rows() -> None:
    for known in breaks():
        re.compile(known.signature)
        assert not Requirement(known.pin).specifier.contains(known.since)
        assert known.modules or known.names or known.call


@pytest.mark.parametrize(
    ("module", "name", "installed", "since"),
    [
        ("mcp.server.fastmcp", "FastMCP", "2.3.0", "2.0.0"),
        ("mcp.server.fastmcp.server", "", "2.3.0", "2.0.0"),
        ("mcp.server", "fastmcp", "2.3.0", "2.0.0"),
        ("mcp", "McpError", "2.0.0", "2.0.0"),
        ("mcp.server.fastmcp", "FastMCP", "1.30.0", None),
        ("mcp.server.fastmcpx", "", "2.3.0", None),
        ("mcp", "Client", "2.3.0", None),
    ],
)
def test_of_an_import(module: str, name: str, installed: str, since: str | None) -> None:
    known = of_import(module, name, Version(installed))
    assert (known.since if known else None) == since


@pytest.mark.parametrize(
    ("requirement", "is_open"),
    [
        ("mcp", True),
        ("mcp[cli]>=1.3", True),
        ("mcp<3", True),
        ("mcp!=2.0.0", True),
        ("mcp>=1.9,<2", False),
        ("mcp==1.30.0", False),
        ("mcp~=1.9", False),
        ("mcp==1.*", False),
    ],
)
def test_a_ceiling(requirement: str, *, is_open: bool) -> None:
    assert lets_in(Requirement(requirement), sdk_breaks.next_incompatible()) is is_open
