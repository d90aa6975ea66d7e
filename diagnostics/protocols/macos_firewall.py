# SPDX-License-Identifier: GPL-3.0-or-later
"""What macOS's application firewall says of itself: `socketfilterfw --getglobalstate --getblockall --listapps`."""

from __future__ import annotations

import re


def blocking(said: str, program: str) -> str:
    """By which of its settings it blocks connections that come in to this program; empty where it does not.

    `program` is the path of the file that runs; an app in the list stands for all that is in it.
    """
    if re.search(r"State = [12]\b", said) is None:
        return ""
    if re.search(r"block all\s+enabled|is set to block all", said, re.IGNORECASE):
        return "Block all incoming connections"
    listed = re.findall(r"^\s*\d+\s*:\s*(/.*?)\s*\n\s*\(\s*Block incoming connections\s*\)", said, re.MULTILINE)
    blocked = next((path for path in listed if program == path or program.startswith(f"{path}/")), "")
    return f"Block incoming connections for {blocked}" if blocked else ""
