# SPDX-License-Identifier: GPL-3.0-or-later
"""The application firewall of macOS, on text as published guides show it. No Mac was asked."""

from __future__ import annotations

import pytest

from diagnostics.protocols.macos_firewall import blocking

ON, OFF = "Firewall is enabled. (State = 1)\n", "Firewall is disabled. (State = 0)\n"
APPS = """ALF: total number of apps = 2

1 :  /Applications/Blender.app
\t ( Block incoming connections )

2 :  /usr/bin/python3
\t ( Allow incoming connections )
"""
BLENDER = "/Applications/Blender.app/Contents/MacOS/Blender"


@pytest.mark.parametrize(
    ("said", "program", "setting"),
    [
        (ON + "Block all ENABLED!\n", BLENDER, "Block all incoming connections"),
        (ON + "Firewall is set to block all non-essential incoming connections\n", BLENDER, "Block all incoming"),
        (ON + "Block all DISABLED!\n" + APPS, BLENDER, "/Applications/Blender.app"),
    ],
)
def test_it_blocks(said: str, program: str, setting: str) -> None:
    assert setting in blocking(said, program)


@pytest.mark.parametrize(
    ("said", "program"),
    [
        ("", BLENDER),
        (OFF + "Block all ENABLED!\n" + APPS, BLENDER),
        (ON + "Block all DISABLED!\n" + APPS, "/usr/bin/python3"),
        (ON + "Block all DISABLED!\n" + APPS, "/Applications/Blender.app2/x"),
        (ON + "Block all DISABLED!\n", BLENDER),
    ],
)
def test_it_does_not(said: str, program: str) -> None:
    assert blocking(said, program) == ""
