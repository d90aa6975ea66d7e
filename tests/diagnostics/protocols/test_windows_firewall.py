# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows' own firewall and its reserved ports, on text in the form that Microsoft documents. No Windows was asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.windows_firewall import read_rules, reserved_range

PYTHON = r"C:\Users\me\AppData\Local\Programs\Python\python.exe"
ENVIRON = {"LOCALAPPDATA": r"C:\Users\me\AppData\Local"}
OUT = "v2.31|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=9876|Name=No Blender|"


def stops(value: str, direction: str = "Out", port: int = 9876, program: str = PYTHON) -> bool:
    return any(rule.stops(direction, port, program, ENVIRON) for rule in read_rules([value]))


@pytest.mark.parametrize(
    "value",
    [
        OUT,
        OUT.replace("RPort=9876", "RPort=80|RPort=9876"),
        OUT.replace("RPort=9876", "RPort2_10=9870-9880"),
        OUT.replace("RPort=9876|", ""),
        OUT.replace("Protocol=6|RPort=9876|", ""),
        OUT + f"App={PYTHON}|",
        OUT + f"App={PYTHON.upper()}|",
        OUT + r"App=%LOCALAPPDATA%\Programs\Python\python.exe|",
    ],
)
def test_a_rule_that_stops_it(value: str) -> None:
    assert stops(value)


@pytest.mark.parametrize(
    "value",
    [
        OUT.replace("Block", "Allow"),
        OUT.replace("TRUE", "FALSE"),
        OUT.replace("Dir=Out", "Dir=In"),
        OUT.replace("Protocol=6", "Protocol=17"),
        OUT.replace("9876", "9877"),
        OUT.replace("RPort=9876", "RPort=RPC"),
        OUT + r"App=C:\other.exe|",
        OUT + "RA4=10.0.0.0/255.0.0.0|",
        OUT + "Profile=Public|",
        OUT + "Svc=wuauserv|",
        OUT + "AppPkgId=S-1-15-2|",
        OUT.replace("RPort=9876", "LPort=9876"),
        "",
        "v2.31",
        "|||",
    ],
)
def test_a_rule_that_does_not(value: str) -> None:
    assert not stops(value)


def test_a_rule_for_what_comes_in() -> None:
    value = r"v2.10|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=9876|App=C:\blender.exe|Name=Blender|"
    assert stops(value, "In", program=r"c:\blender.exe")
    assert not stops(value, "Out", program=r"c:\blender.exe")


@given(st.lists(st.text(max_size=60), max_size=5))
def test_no_text_harms(values: list[str]) -> None:
    read_rules(values)


LISTING = """
Protokoll tcp Portausschlussbereiche

Startport    Endport
----------    --------
      5357        5357
      9850        9949
     50000       50059     *

* - Verwaltete Portausschluesse.
"""


@pytest.mark.parametrize(
    ("port", "found"), [(5357, "5357-5357"), (9876, "9850-9949"), (9949, "9850-9949"), (50001, "50000-50059"), (80, "")]
)
def test_reserved_ports(port: int, found: str) -> None:
    assert reserved_range(LISTING, port) == found
    assert reserved_range("", port) == ""
