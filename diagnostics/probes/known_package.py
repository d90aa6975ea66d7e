# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether uv has met a package before: then its name is right, whatever it looks like."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from ..model import Machine
from .uv_environments import cache_folder, tools_folder

_MOST = 50


def has_met(package: str, environ: Mapping[str, str], machine: Machine, cache: str = "") -> bool:
    """Whether uv has this package (canonical name) as a tool, or its list of releases in the cache.

    uv keeps what an index has answered for a name below `simple-v…`, by index; it keeps nothing for a name that an
    index does not have. `cache` is what the command says of the cache's folder.
    """
    with contextlib.suppress(OSError, ValueError):
        if (tools_folder(environ, machine) / package).is_dir():
            return True
        lists = list(cache_folder(environ, machine, cache).glob("simple-v*"))[:_MOST]
        indexes = [folder for one in lists for folder in (one / "pypi", *list(one.glob("index/*"))[:_MOST])]
        return any((folder / f"{package}.rkyv").exists() for folder in indexes)
    return False
