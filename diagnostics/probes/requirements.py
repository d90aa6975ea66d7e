# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packages of an environment require of each other, with markers evaluated for that environment."""

from __future__ import annotations

import functools
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from .environment import Environment, Package

_SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
_MAX_EDGES = 4000


@dataclass(frozen=True, slots=True)
class Need:
    """A requirement that counts: whose it is ("" for what was asked for), and what it asks for."""

    by: str
    requirement: Requirement

    @property
    def name(self) -> str:
        """The canonical name of the package that is needed."""
        return canonicalize_name(self.requirement.name)


def needs(environment: Environment, roots: Iterable[Requirement], system: str) -> Iterator[Need]:
    """Every requirement from the roots on, through all installed packages. `system` is a value of `sys.platform`.

    A requirement with a marker counts only where the environment's Python is known.
    """
    variables = marker_variables(environment, system)
    pending = [Need("", root) for root in roots]
    seen: set[tuple[str, str]] = set()
    for _number in range(_MAX_EDGES):
        if not pending:
            return
        need = pending.pop()
        yield need
        package = environment.packages.get(need.name)
        for extra in ("", *need.requirement.extras) if package else ():
            if package is not None and (package.name, extra) not in seen:
                seen.add((package.name, extra))
                pending += (Need(package.name, one) for one in _required(package, extra, variables))


def marker_variables(environment: Environment, system: str) -> Mapping[str, str] | None:
    """The variables of PEP 508 for this environment; None where its Python is not known."""
    version = environment.python_version
    if not version:
        return None
    return {
        "implementation_name": "cpython",
        "implementation_version": version,
        "os_name": "nt" if system == "win32" else "posix",
        "platform_machine": platform.machine(),
        "platform_python_implementation": "CPython",
        "platform_release": platform.release(),
        "platform_system": _SYSTEMS.get(system, ""),
        "platform_version": "",
        "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]),
        "sys_platform": system,
    }


def _required(package: Package, extra: str, variables: Mapping[str, str] | None) -> Iterator[Requirement]:
    for text in package.requires:
        if not extra and "extra ==" in text and " or " not in text:
            continue  # by far the most requirements with a marker, and parsing one takes 0.1 ms
        requirement = parsed(text)
        if requirement is not None and _counts(requirement, extra, variables):
            yield requirement


def _counts(requirement: Requirement, extra: str, variables: Mapping[str, str] | None) -> bool:
    if requirement.marker is None:
        return not extra
    if variables is None:
        return False
    try:
        if not requirement.marker.evaluate({**variables, "extra": extra}):
            return False
        # What counts without the extra too is no requirement of the extra.
        return not extra or not requirement.marker.evaluate({**variables, "extra": ""})
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
        return False


@functools.lru_cache(4096)
def parsed(text: str) -> Requirement | None:
    """The requirement, None for a text that is none."""
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def allows(requirement: Requirement, version: str) -> bool:
    """Whether the installed version meets the requirement. One that is no version, or from a URL, is not judged."""
    try:
        return requirement.url is not None or requirement.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return True
