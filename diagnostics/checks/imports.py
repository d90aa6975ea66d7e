# SPDX-License-Identifier: GPL-3.0-or-later
"""Can the Python of a server load the server? Asked where its start did not tell, or where releases are pinned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from ..check import Context, Outcome
from ..knowledge.catalogue import finding
from ..knowledge.sdk_breaks import SDK
from ..model import EvidenceValue, Finding, Link, Verdict
from ..probes.environment import entry_points_of
from ..probes.imports import Imports, try_imports
from ..protocols.python_command import read_python_command
from ..redaction import hide
from .entries import Entry, Launch, evidence_of
from .last_words import cause_in
from .sdk import seen_for, will_start
from .server import server_of

_WAIT_S = 20.0
_TOLD = frozenset({"server.sdk-incompatible", "server.sdk-missing", "server.blocked-by-addon"})
"""What the start has said so well that loading the server adds nothing."""


@dataclass(frozen=True, slots=True)
class ImportsSeen:
    """What the Python of an entry could load."""

    entry: Entry
    imports: Imports
    sure: bool = True
    """The app's server will use exactly this Python."""

    def version_of(self, package: str) -> str:
        """The release of a package that was loaded, "" where it is not among them."""
        return next((v for name, v in self.imports.versions.items() if canonicalize_name(name) == package), "")


def interpreter_of(launch: Launch, context: Context) -> Path | None:
    """The Python in which this command runs its server, None where that is not known."""
    seen = seen_for(launch.entry, context)
    return seen.environment.python if seen else None


def told_of(entry: Entry, checks: Iterable[str], context: Context) -> frozenset[str]:
    """The causes that these checks have named for this entry already."""
    whose = (entry.app.name, entry.name)
    outcomes = (context.outcome(check_id) for check_id in checks)
    findings = (found for outcome in outcomes if outcome for found in outcome.findings)
    return frozenset(f.id for f in findings if (f.evidence.get("app"), f.evidence.get("entry")) == whose)


async def imports(context: Context) -> Outcome:
    """Loads the SDK and the server, each in the Python that the command uses, in a process of its own."""
    seen = []
    for launch in context.all_observed(Launch):
        python = interpreter_of(launch, context)
        if python is not None and will_start(launch, context) and _would_tell(launch, context):
            seen.append(await _try(launch, python, context))
    findings = [found for one in seen if (found := _judged(one, context)) is not None]
    verdict = next((found.verdict for found in findings), Verdict.SKIPPED)
    # That a server can be loaded does not say that it works.
    return Outcome(
        verdict,
        findings[0].title if findings else "",
        tuple(findings),
        tuple(seen),
        transcript=tuple(line for one in seen for line in lines_of(one.imports)),
    )


def _would_tell(launch: Launch, context: Context) -> bool:
    """A healthy start tells enough, and costs nothing more, unless the user wants to know the releases."""
    server = server_of(launch.entry, context)
    if server is None or server.answer.start_error or server.answer.answered:
        return server is not None and server.answer.answered and bool(context.target.pins)
    told = told_of(launch.entry, ("server.handshake",), context)
    return not (_TOLD & told or any(cause.startswith(f"{Link.LAUNCHER}.") for cause in told))


async def _try(launch: Launch, python: Path, context: Context) -> ImportsSeen:
    seen = seen_for(launch.entry, context)
    folders = () if python_is_isolated(launch) else context.machine.folders(launch.environ.get("PYTHONPATH", ""))
    tried = await try_imports(
        python,
        modules_of_server(launch, context),
        environ=launch.environ,
        ledger=context.ledger,
        deadline_s=min(_WAIT_S, context.remaining_s),
        optional=(SDK,),
        folders=tuple(Path(folder) for folder in folders),
    )
    return ImportsSeen(launch.entry, _without_secrets(tried, context), seen is None or seen.sure)


def python_is_isolated(launch: Launch) -> bool:
    """Whether the command's Python does not read PYTHONPATH."""
    python = read_python_command(launch.program.name, launch.entry.command.args)
    return python is not None and python.isolated


def modules_of_server(launch: Launch, context: Context) -> tuple[str, ...]:
    """The SDK, and the modules that starting the server loads, as far as they are known."""
    entry = launch.entry
    python = read_python_command(launch.program.name, entry.command.args)
    if python is not None and python.module:
        return (SDK, python.module)
    seen = seen_for(entry, context)
    package = seen.environment.packages.get(seen.server) if seen else None
    points = entry_points_of(package) if package else {}
    named = tuple(point.partition(":")[0] for point in points.values())
    return (SDK, *(named[:2] or (entry.product.modules if entry.product else ())))


def _without_secrets(tried: Imports, context: Context) -> Imports:
    def shown(text: str) -> str:
        return hide(text, context.secrets)

    modules = tuple(replace(m, error=shown(m.error), tail=tuple(map(shown, m.tail))) for m in tried.modules)
    return replace(tried, modules=modules, problem=shown(tried.problem))


def lines_of(tried: Imports) -> tuple[str, ...]:
    """What was loaded and how long it took, and the whole end of the traceback, for those who want to see it all."""
    lines = [f"{tried.python} · Python {tried.python_version or '?'}"]
    lines += [f"{name} {version}" for name, version in tried.versions.items()]
    for module in tried.modules:
        how = f"failed: {module.error}" if module.error else "loaded"
        lines += [f"{module.elapsed_ms:8.1f} ms  {module.name} {how}", *(f"    {line}" for line in module.tail)]
    return (*lines, *([tried.problem] if tried.problem else []))


def _judged(seen: ImportsSeen, context: Context) -> Finding | None:
    """The cause that loading the server has shown, where its start did not name one."""
    failed = seen.imports.failed
    server = server_of(seen.entry, context)
    if failed is None or server is None or server.answer.answered:
        return None
    cause = cause_in("\n".join((failed.error, *failed.tail)), seen.entry, context)
    if cause is None or cause.cause in told_of(seen.entry, ("server.handshake",), context):
        return None
    evidence: dict[str, EvidenceValue] = evidence_of(seen.entry, context) | {
        "_imported": True,
        "python": str(seen.imports.python),
        "error": failed.error,
        "loaded": tuple(f"{name} {version}" for name, version in seen.imports.versions.items()),
    }
    return finding(cause.cause, evidence | cause.evidence, verdict=None if seen.sure else Verdict.UNKNOWN)
