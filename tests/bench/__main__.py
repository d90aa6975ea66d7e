# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.bench [NAME …]`: what a run costs, each figure beside its floor, measured in the same run.

Prints and never judges: on a shared machine only the ratios mean something.
"""

from __future__ import annotations

import sys

from tests.bench import endpoint, environment, logs, memory, parsers, server, survey, whole_run, window

ROWS = {
    "whole-run": whole_run.measure,
    "endpoint": endpoint.measure,
    "environment": environment.measure,
    "logs": logs.measure,
    "parsers": parsers.measure,
    "survey": survey.measure,
    "server": server.measure,
    "memory": memory.measure,
    "window": window.measure,
}


def main(wanted: list[str]) -> int:
    """Measure the rows that are named, all without a name."""
    unknown = [name for name in wanted if name not in ROWS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(ROWS)}", file=sys.stderr)
        return 2
    for name in wanted or ROWS:
        print(f"== {name}")
        for line in ROWS[name]():
            print(f"   {line}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
