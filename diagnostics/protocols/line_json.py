# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON that ends with a line end, as djeada's add-on speaks it (field guide, protocols 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from .delimited_json import DelimitedJson


class LineJson(DelimitedJson):
    """Objects that end with a line end."""

    delimiter: ClassVar[bytes] = b"\n"


def is_answer(message: Mapping[str, object] | None) -> bool:
    """Whether it is an answer of that add-on, which tells the request's id and whether it went well."""
    return message is not None and "id" in message and isinstance(message.get("success"), bool)
