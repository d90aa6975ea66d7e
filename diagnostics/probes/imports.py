# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a given Python import modules, in a process of its own: the releases, how long each takes, or why it fails.

Python runs isolated (`-I`): neither its variables nor the user's own packages nor the current folder count, only what
is installed for it and the folders that are named.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..ledger import Ledger
from ..text import clean, one_line
from .run_program import Ran, run_program

MAX_MODULES = 8
_MAX_TAIL = 30
_MOST = 256 << 10

# What a module prints while it is imported goes where it does no harm: only this code has the real output.
_CODE = r"""
import json, os, sys, time, traceback
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
folders, names, optional = map(json.loads, sys.argv[1:4])
sys.path[:0] = folders

def tell(**answer):
    print(json.dumps(answer), file=answers, flush=True)

tell(python=sys.version.split()[0], base=sys.base_prefix)
for name in names:
    tell(begun=name)
    began, error, tail = time.perf_counter(), "", ""
    try:
        __import__(name)
    except BaseException as raised:
        if name in optional and isinstance(raised, ModuleNotFoundError) and raised.name == name:
            tell(absent=name)
            continue
        error = "".join(traceback.format_exception_only(type(raised), raised))[:4000]
        tail = "".join(traceback.format_exception(type(raised), raised, raised.__traceback__))[-16000:]
    tell(module=name, ms=(time.perf_counter() - began) * 1000, error=error, tail=tail)
    if error:
        break
versions, wanted = {}, {name.partition(".")[0] for name in names}
try:
    from importlib import metadata
    by_module = metadata.packages_distributions() if hasattr(metadata, "packages_distributions") else {}
    for module in wanted:
        for distribution in by_module.get(module, [module])[:4]:
            try:
                versions[distribution] = metadata.version(distribution)
            except Exception:
                pass
except Exception:
    pass
tell(versions=versions)
answers.flush()
os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """One module, and how its import went."""

    name: str
    elapsed_ms: float = 0.0
    error: str = ""
    """The line of the exception, such as "ModuleNotFoundError: No module named 'mcp'"; empty when it worked."""
    tail: tuple[str, ...] = ()
    """The end of the traceback."""


@dataclass(frozen=True, slots=True)
class Imports:
    """What an interpreter could import. All text from outside is cleaned and bounded."""

    python: Path
    python_version: str = ""
    """Such as "3.11.9"; empty when the interpreter did not come as far as to tell."""
    modules: tuple[Imported, ...] = ()
    """In the order asked for, up to the first one that failed."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Distributions to which the modules belong: name → version."""
    problem: str = ""
    """Why it came to no end, in words; empty when it did."""

    @property
    def failed(self) -> Imported | None:
        """The module that could not be imported."""
        return next((module for module in self.modules if module.error), None)

    @property
    def worked(self) -> bool:
        """Everything could be imported."""
        return not self.problem and self.failed is None


async def try_imports(
    python: Path,
    modules: Sequence[str],
    *,
    environ: Mapping[str, str],
    ledger: Ledger,
    deadline_s: float,
    optional: Sequence[str] = (),
    folders: Sequence[Path] = (),
) -> Imports:
    """Imports `modules` one after the other in `python`, which looks into `folders` first, and ends with it.

    That one of the `optional` ones is not there is no failure: whoever needs it says so.

    Never raises for what the interpreter or the modules do.
    """
    names = [name for name in dict.fromkeys(modules) if re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", name)]
    given = ([os.fspath(folder) for folder in folders], names[:MAX_MODULES], list(optional))
    ran = await run_program(
        (str(python), "-I", "-B", "-", *map(json.dumps, given)),
        environ=environ,
        cwd=str(python.parent),
        ledger=ledger,
        deadline_s=deadline_s,
        stdin=_CODE,
        most=_MOST,
    )
    return _imports(python, ran)


def _imports(python: Path, ran: Ran) -> Imports:
    version, versions, modules, begun, whole = "", {}, list[Imported](), "", False
    for answer in _answers(ran.stdout):
        match answer:
            case {"python": str(said)}:
                version = one_line(said, 40)
            case {"begun": str(name)}:
                begun = one_line(name, 100)
            case {"absent": str()}:
                begun = ""
            case {"module": str(name), "ms": int() | float() as ms, "error": str(error), "tail": str(tail)}:
                begun = ""
                modules.append(
                    Imported(one_line(name, 100), float(ms), _exception(error) if error else "", _tail(tail))
                )
            case {"versions": dict(found)}:
                versions = {one_line(str(name), 100): one_line(str(v), 60) for name, v in list(found.items())[:20]}
                whole = True
    if begun:  # it died, or never came back, while this one was imported
        modules.append(Imported(begun, 0.0, f"while it was imported, {ran.how}", _tail(ran.said)))
    return Imports(python, version, tuple(modules), versions, "" if whole or begun else _problem(ran))


def _problem(ran: Ran) -> str:
    last = next((line for line in reversed(ran.said.splitlines()) if line.strip()), "")
    return f"{ran.how} ({one_line(last, 200)})" if last else ran.how


def _answers(printed: bytes) -> Iterator[dict[str, object]]:
    for line in printed.splitlines():
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(answer, dict):
            yield answer


def _exception(text: str) -> str:
    """The line that matters of a formatted exception, which may go on over many; "" where there is none."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    named = next((line for line in lines if re.match(r"[\w.]+(?:Error|Exception|Exit|Interrupt|Warning)\b", line)), "")
    return one_line(named or (lines[-1] if lines else ""), 300)


def _tail(text: str) -> tuple[str, ...]:
    return tuple(clean(line, 300) for line in text.splitlines()[-_MAX_TAIL:])
