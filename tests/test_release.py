# SPDX-License-Identifier: GPL-3.0-or-later
"""What is published agrees with itself: versions, wheels, README, CHANGELOG."""

from __future__ import annotations

import ast
import contextlib
import re
import tomllib
from pathlib import Path

import pytest

from diagnostics.__main__ import main
from diagnostics.model import NAME, VERSION, Target
from diagnostics.protocols import mcp_versions

ROOT = Path(__file__).parents[1]
MANIFEST = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_one_name_and_one_version() -> None:
    assert MANIFEST["name"] == NAME
    assert {MANIFEST["version"], PROJECT["project"]["version"]} == {VERSION}
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_wheels_are_those_that_the_shell_uses() -> None:
    there = sorted(f"./wheels/{wheel.name}" for wheel in (ROOT / "wheels").iterdir())
    assert sorted(MANIFEST["wheels"]) == there
    versions = {"==".join(Path(wheel).name.split("-")[:2]) for wheel in there}
    assert versions == set(PROJECT["project"]["dependencies"])


def test_every_platform_has_its_psutil() -> None:
    for platform in ("manylinux", "win_amd64", "win_arm64", "macosx_10_9_x86_64", "macosx_11_0_arm64"):
        assert [wheel for wheel in MANIFEST["wheels"] if "psutil" in wheel and platform in wheel], platform


def test_the_readme_names_only_options_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--help"]) == 0
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    for line in README.splitlines():
        if line.startswith("| `--") or "mcp_diagnostics --" in line or "mcp-diagnostics --" in line:
            assert set(re.findall(r"(?<=[ `])--[a-z][a-z-]+", line)) <= known | {"--command", "--help"}, line


def test_the_readme_shows_what_there_is() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_the_preferences_offer_the_versions_that_there_are() -> None:
    """Blender's side names them again, so that nothing is loaded while Blender starts."""
    named = {}
    for file in ("panels/preferences.py", "operators/settings.py"):
        for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                with contextlib.suppress(ValueError):
                    named[node.targets[0].id] = ast.literal_eval(node.value)
    assert named["MCP_VERSIONS"] == mcp_versions.KNOWN
    assert (named["DEFAULT_OFFER"],) == mcp_versions.DEFAULT_OFFER == Target().offers
