# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-test in every Blender: its operator for scripts, its thread, and that it can be ended."""

from __future__ import annotations

import pytest

from tests.blender.installation import Installed, in_the_oldest_and_the_newest

pytestmark = [pytest.mark.blender, pytest.mark.timeout(300)]

AS_ROOT = "file-unreadable"
"""Skipped where the tests run as root."""


def test_a_script_gets_a_line_for_each_case(installed: Installed) -> None:
    ran = installed.call("self_test_printed")

    assert ran["result"] == ["FINISHED"], ran["printed"]
    assert "✔ an AI app, an MCP server and an add-on that all work" in ran["printed"]
    assert "✖" not in ran["printed"]


@in_the_oldest_and_the_newest
def test_it_runs_in_the_thread_of_a_run(installed: Installed) -> None:
    ran = installed.call("self_test_in_its_thread", end=False)

    assert (ran["started"], ran["verdict"], ran["notice"]) == (True, "pass", ""), ran["failed"]
    assert {name for name, _came, _why in ran["failed"]} <= {AS_ROOT}
    assert ran["blender"].startswith(installed.blender.version)
    assert ran["other"] == ["", None], "it is no diagnosis, and replaces none"
    assert (ran["threads"], ran["files"]) == ([], [])
    assert ran["deadlines"][0] == ran["deadlines"][1]


@in_the_oldest_and_the_newest
def test_it_ends_with_the_file_that_is_open(installed: Installed) -> None:
    ran = installed.call("self_test_in_its_thread", end=True)

    assert ran["notice"] == "another file was opened"
    assert ran["verdict"] is None
    assert (ran["threads"], ran["files"]) == ([], [])
