# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the user's own uv which releases it would choose today. Nothing is installed, built or run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..ledger import Ledger
from ..protocols.uv_command import UvCommand
from ..text import one_line
from .run_program import Ran, run_program

_MOST = 1 << 20
_MAX_PACKAGES = 2000
_VALUED = (
    "--constraints",
    "--overrides",
    "--index",
    "--default-index",
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "--index-strategy",
    "--keyring-provider",
    "--resolution",
    "--prerelease",
    "--exclude-newer",
    "--cache-dir",
    "--allow-insecure-host",
    "--config-file",
)
_FLAGS = ("--no-index", "--no-cache", "--offline", "--system-certs", "--native-tls", "--no-config")
_SHORT = {"-i": "--index-url", "-f": "--find-links", "-n": "--no-cache"}


@dataclass(frozen=True, slots=True)
class Resolution:
    """What uv would choose, or why it would not. All text is safe to show, but for secrets; its length is bounded."""

    versions: Mapping[str, str] = field(default_factory=dict)
    """By canonical name; empty when it came to no result."""
    reason: tuple[str, ...] = ()
    """Why there is none, in uv's own words."""
    problem: str = ""
    """Why uv itself did not come to an end, in words; empty when it did."""
    offline: bool = False
    """It was told to stay off the network: what it has not fetched before it does not know."""
    lacking: bool = False
    """It failed for want of the network."""


def resolving_options(command: UvCommand) -> tuple[str, ...]:
    """The options of a `uvx` command by which uv would choose otherwise, as `uv pip` takes them."""
    words: list[str] = []
    for given, values in command.options.items():
        option = _SHORT.get(given, given)
        if option in _VALUED:
            words += [word for value in values for word in (option, value)]
        elif option in _FLAGS:
            words.append(option)
    return tuple(words)


async def resolve(
    uv: Path,
    requirements: Sequence[str],
    *,
    environ: Mapping[str, str],
    ledger: Ledger,
    offline: bool,
    deadline_s: float,
    python: str = "",
    options: Sequence[str] = (),
) -> Resolution:
    """What `uv` would choose for these requirements: by what it has in its cache (`offline`), or by the package index.

    `python` is what `--python` asks for, "" for uv's own choice; `options` are those of `resolving_options`. Never
    raises for what uv does.
    """
    argv = [str(uv), "pip", "compile", "--no-build", "--no-header", "--no-annotate", "--no-progress"]
    argv += ["--color", "never", "--no-python-downloads", *(["--python", python] if python else []), *options]
    ran = await run_program(
        [*argv, *(["--offline"] if offline and "--offline" not in options else []), "-"],
        environ=environ,
        # A folder in which nobody else may have put a project or settings for uv.
        cwd=uv.anchor or None,
        ledger=ledger,
        deadline_s=deadline_s,
        stdin="".join(f"{line}\n" for line in requirements),
        most=_MOST,
    )
    told_to = "--offline" in options or _is_set(environ.get("UV_OFFLINE"))
    return _resolution(ran, offline=offline or told_to)


def _is_set(value: str | None) -> bool:
    return (value or "").lower() in {"1", "true", "yes", "on", "t", "y"}


def _resolution(ran: Ran, *, offline: bool) -> Resolution:
    if ran.exit_code is None or ran.exit_code < 0:
        return Resolution(problem=ran.how, offline=offline)
    if ran.worked:
        lines = ran.stdout.decode("utf-8", "replace").splitlines()[:_MAX_PACKAGES]
        matches = (re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([\w.+!-]+)", line) for line in lines)
        return Resolution({match[1].lower(): match[2] for match in matches if match}, offline=offline)
    return Resolution(reason=reason_in(ran.said), offline=offline, lacking=wants_network(ran.said))


_NO_NETWORK = (
    "network was disabled|not found in the cache|client error \\(Connect\\)|dns error|error sending request"
    "|operation timed out|Failed to fetch"
)


def wants_network(said: str) -> bool:
    """Whether uv failed because it may not, or cannot, use the network."""
    return re.search(_NO_NETWORK, said) is not None


def reason_in(said: str, *, begins: str = "error: |No solution|Could not find", most: int = 8) -> tuple[str, ...]:
    """Why uv or pip could not resolve, in its own words, from the line that `begins`; of a long chain its two ends."""
    lines = [one_line(line.lstrip(" │╰─▶×├"), 1000) for line in said.splitlines()]
    at = next((n for n, line in enumerate(lines) if re.match(f"(?i)(?:error: )?(?:{begins})", line)), None)
    if at is None:
        return ()
    told = [line for line in lines[at:] if line]
    half = most // 2
    return tuple(told if len(told) <= most else [*told[:half], "…", *told[-half:]])
