# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python can be started as a program: in Blender, `sys.executable` may be Blender itself."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_NAME = re.compile(r"python(w)?[\d.]*(\.exe)?", re.IGNORECASE)


def find_python() -> Path | None:
    """The Python that runs this, or the one that is bundled with this Blender; None where there is neither."""
    return next((path for path in _candidates() if _is_python(path)), None)


def _candidates() -> Iterator[Path]:
    if sys.executable:
        yield Path(sys.executable)
    major, minor = sys.version_info[:2]
    for folder in (Path(sys.prefix, "bin"), Path(sys.prefix), Path(sys.base_prefix, "bin"), Path(sys.base_prefix)):
        for name in (f"python{major}.{minor}", "python3", "python"):
            yield folder / (f"{name}.exe" if sys.platform == "win32" else name)


def _is_python(path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None and path.is_file() and os.access(path, os.X_OK)
