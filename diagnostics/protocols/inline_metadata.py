# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata that a Python script carries in comments at its beginning (PEP 723)."""

from __future__ import annotations

_BEGIN, _END = "# /// script", "# ///"


def script_metadata(text: str) -> str:
    """The TOML in the script's block, "" where it has none, or several, or one that does not end."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if lines.count(_BEGIN) != 1:
        return ""
    block: list[str] = []
    for line in lines[lines.index(_BEGIN) + 1 :]:
        if line != "#" and not line.startswith("# "):
            break
        block.append(line)
    if _END not in block:
        return ""
    # A line like the end may stand inside of it, so the last one counts.
    last = len(block) - 1 - block[::-1].index(_END)
    return "\n".join(line[2:] for line in block[:last])
