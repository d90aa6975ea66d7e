# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share: the laboratory's fixtures, and the rule that CI may not skip it in silence."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests.lab.fixtures import OPTIONAL, extension_zip, headless, home, lab, window

__all__ = ["extension_zip", "headless", "home", "lab", "window"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With MCP_DIAGNOSTICS_REQUIRE_LAB=1 a skipped test that needs a Blender fails, unless that Blender is optional."""
    report = yield
    required = os.environ.get("MCP_DIAGNOSTICS_REQUIRE_LAB") == "1"
    needs_lab = any(item.get_closest_marker(name) for name in ("blender", "lab"))
    if required and needs_lab and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if OPTIONAL not in reason:
            report.outcome = "failed"
            report.longrepr = f"{reason}\nand MCP_DIAGNOSTICS_REQUIRE_LAB=1 does not allow that"
    return report
