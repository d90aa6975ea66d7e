# SPDX-License-Identifier: GPL-3.0-or-later
"""`uv run` with a Python that the project or the script does not allow."""

from __future__ import annotations

from collections.abc import Mapping

from ..check import Context
from ..knowledge import table
from ..knowledge.catalogue import finding
from ..knowledge.launchers import name_of
from ..model import EvidenceValue, Finding, Verdict
from ..probes.project_python import PythonDemand, python_demand
from ..protocols.uv_command import read_uv_command
from .entries import Entry
from .launch_line import LaunchLine, with_python


def outside_project(
    line: LaunchLine,
    entry: Entry,
    environ: Mapping[str, str],
    evidence: dict[str, EvidenceValue],
    context: Context,
) -> Finding | None:
    """That another Python is insisted on than `requires-python` allows. Without that, uv picks one that fits."""
    started = line.inside.command
    uv = read_uv_command(name_of(started.program), started.args) if line.launcher == "uv run" else None
    if uv is None or _is_apart(line):
        return None
    demand = python_demand(uv, started.cwd, {**environ, **started.env}, context.ledger)
    if demand is None:
        return None
    version, said_by = line.python, line.python_word
    asked = uv.value("--python") or started.env.get("UV_PYTHON") or environ.get("UV_PYTHON")
    if not asked and demand.pinned_by is not None:
        version, said_by = demand.pinned, str(demand.pinned_by)
    if not version or demand.allows(version):
        return None
    good = _good(demand)
    seen: dict[str, EvidenceValue] = {
        "chosen": version,
        "said_by": said_by,
        "needs": demand.needs,
        "needed_by": str(demand.file),
        "_anyway": demand.is_script,
        "_good": good or str(table("launchers")["good_python"]),
        "_with_python": with_python(line, entry.command, good) if good else "",
    }
    verdict = Verdict.WARN if demand.is_script else Verdict.FAIL
    return finding("launcher.python-unsuitable", evidence | seen, verdict=verdict)


def _is_apart(line: LaunchLine) -> bool:
    """Whether it runs in another system, whose files are not those of this one."""
    return any(through in table("programs")["other_systems"] for through in line.inside.through)


def _good(demand: PythonDemand) -> str:
    """A Python that is asked for, rather one with ready-made packages; "" where none that is usual is."""
    return next((version for version in table("launchers")["usual_pythons"] if demand.allows(version)), "")
