# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON that ends with NUL, as Blender Lab's add-on speaks it (field guide, protocols 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from .delimited_json import DelimitedJson


class NulJson(DelimitedJson):
    """Objects that end with NUL."""

    delimiter: ClassVar[bytes] = b"\0"


def is_refusal(message: Mapping[str, object] | None) -> bool:
    """Whether the add-on refuses what it was asked: a type that it does not know, or a request without its NUL."""
    return message is not None and message.get("status") == "error" and isinstance(message.get("message"), str)
