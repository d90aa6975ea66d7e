# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words mean that a dying server, or Python itself, leaves behind."""

from __future__ import annotations

import re

from ..check import Context
from ..knowledge import products, sdk_breaks
from ..knowledge.sdk_breaks import SDK
from .entries import Entry
from .sdk import Suspicion, of_break

_MISSING = re.compile(
    r"ModuleNotFoundError: No module named '([\w.]+)'|(?:^|: )No module named ([\w.]+)\s*$", re.MULTILINE
)


def cause_in(said: str, entry: Entry, context: Context | None = None) -> Suspicion | None:
    """The fault of the SDK, or of the installation, of which these words tell; None where they tell of neither.

    With the `context` the way to repair it is that of the environment which was seen.
    """
    if (known := sdk_breaks.in_words(said)) is not None:
        return Suspicion("server.sdk-incompatible", of_break(known, entry, context))
    missing = _MISSING.search(said)
    module = (missing[1] or missing[2]) if missing else ""
    if module.partition(".")[0] in {SDK, "fastmcp", *(m for p in products.products() for m in p.modules)}:
        return Suspicion("server.sdk-missing", {"module": module})
    return None
