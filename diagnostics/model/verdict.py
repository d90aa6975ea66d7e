# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of the chain, and how a check, a link or a whole run ends."""

from __future__ import annotations

import enum


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
