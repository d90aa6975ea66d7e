# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the environment of a server; the floor is the standard library listing the same packages."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from diagnostics.ledger import Ledger
from diagnostics.model import Command, Machine
from diagnostics.probes.launch_environment import find_launch_environment
from tests.bench.figures import beside, shown, times_ms
from tests.bench.installed import server

COUNT = 100


def measure() -> Iterator[str]:
    """The real server in an environment that uv has made, found by its program."""
    with server() as program:
        if program is None:
            yield "not measured: there is no uv"
            return
        folder = next(program.parents[1].glob("lib/python3*/site-packages"))
        machine = Machine(sys.platform, Path.home(), dict(os.environ))

        def listed() -> int:
            return len([(d.name, d.version, d.requires) for d in importlib.metadata.distributions(path=[str(folder)])])

        def read() -> int:
            found = find_launch_environment(
                Command(str(program)), program, machine.environ, machine, Ledger(), closely=("mcp", "mcp-for-blender")
            )
            assert found is not None
            return len(found.environment.packages)

        assert read() == listed()
        floor, ours = times_ms(listed, COUNT), times_ms(read, COUNT)
        tracemalloc.start()
        read()
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        yield f"floor, importlib.metadata: {shown(floor)}"
        yield f"reading {read()} packages:      {shown(ours)}"
        yield f"{beside(ours, floor)}, peak memory {peak:.1f} MiB"
