# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command line of `uvx` or `uv` asks for (uv's reference: `uv tool run`, `uv run`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement

_VALUED = frozenset(
    """
    --from --with --with-editable --with-requirements --constraints --build-constraints --overrides --env-file
    --python-platform --torch-backend --index --default-index --index-url --extra-index-url --find-links
    --index-strategy --keyring-provider --upgrade-package --upgrade-group --resolution --prerelease
    --prerelease-package --fork-strategy --exclude-newer --exclude-newer-package --no-sources-package
    --reinstall-package --link-mode --config-setting --config-settings-package --no-build-isolation-package
    --no-build-package --no-binary-package --cache-dir --refresh-package --python --color --allow-insecure-host
    --directory --project --config-file --extra --no-extra --group --no-group --only-group --package
    -w -c -b -i -f -P -C -p
    """.split()  # noqa: SIM905  # a list of so many words reads best so
)
"""Options whose value may be the next word."""
_FLAGS_OF_RUN = {"--module", "--script", "-m", "-s"}
_SHORT = {"-w": "--with", "-p": "--python", "-c": "--constraints", "-n": "--no-cache"}


@dataclass(frozen=True, slots=True)
class UvCommand:
    """One that runs something: `uvx`, `uv tool run` ("tool") or `uv run` ("run")."""

    kind: str
    words: tuple[str, ...]
    """What is run, with its own arguments."""
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By their long names; a flag has an empty tuple."""

    def values(self, option: str) -> tuple[str, ...]:
        """All values of an option."""
        return self.options.get(option, ())

    def value(self, option: str) -> str:
        """The last value of an option, "" without one."""
        return (self.values(option) or ("",))[-1]


def read_uv_command(program: str, args: Sequence[str]) -> UvCommand | None:
    """The command of this program, named without its path; None when it is none that runs something."""
    name = program.lower().removesuffix(".exe")
    if name not in {"uv", "uvx"}:
        return None
    words, options = list(args), dict[str, tuple[str, ...]]()
    kind = "tool" if name == "uvx" else ""
    while True:
        words = _options(words, options, run=kind == "run")
        if kind:
            return UvCommand(kind, tuple(words), options) if words else None
        if words[:2] == ["tool", "run"]:
            kind, words = "tool", words[2:]
        elif words[:1] == ["x"] or words[:1] == ["run"]:
            kind, words = ("run" if words[0] == "run" else "tool"), words[1:]
        else:
            return None


def _options(words: list[str], options: dict[str, tuple[str, ...]], *, run: bool) -> list[str]:
    """Moves the options at the beginning into `options`; returns the rest."""
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        word = words[at]
        at += 1
        if word == "--":
            break
        if run and word in _FLAGS_OF_RUN:
            return [word, *words[at:]]
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        known = _SHORT.get(name, name)
        if name in _VALUED and not equals and at < len(words):
            value, at = words[at], at + 1
        options[known] = (*options.get(known, ()), *([value] if value else []))
    return words[at:]


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """The requirements that the environment of a `uvx` command has to meet."""

    tool: Requirement
    extra: tuple[Requirement, ...] = ()
    newest: bool = False
    """`X@latest` was asked for."""
    understood: bool = True
    """Nothing else was asked for that decides which environment it is, such as a file of requirements."""

    @property
    def pinned(self) -> bool:
        """The command names one release."""
        return any(one.operator in {"==", "==="} and "*" not in one.version for one in self.tool.specifier)


def tool_request(command: UvCommand) -> ToolRequest | None:
    """What this command of kind "tool" asks for; None where it is a path, a URL, or no requirement."""
    text = command.value("--from") or command.words[0]
    name, at, version = text.partition("@")
    newest = at == "@" and version.strip() == "latest"
    if at and (newest or re.fullmatch(r"\d[\w.+!-]*", version.strip())):
        text = name if newest else f"{name}=={version.strip()}"
    try:
        tool = Requirement(text)
        extra = tuple(with_requirements(command))
    except InvalidRequirement:
        return None
    if tool.url is not None:
        return None
    deciding = ("--with-editable", "--with-requirements", "--constraints", "--overrides")
    return ToolRequest(tool, extra, newest, not any(command.values(option) for option in deciding))


def with_requirements(command: UvCommand) -> list[Requirement]:
    """The requirements after `--with`. Raises InvalidRequirement for one that is a path or a URL without a name."""
    # A comma stands between requirements and inside of one: "mcp<2,>1".
    texts = (text for value in command.values("--with") for text in re.split(r",(?=\s*[A-Za-z])", value))
    return [Requirement(text.strip()) for text in texts if text.strip()]


def python_request(text: str) -> str:
    """The version prefix, such as "3.11", in what was asked of `--python`; "" where it names none."""
    match = re.search(r"(?:^|python|cpython[-@])=*(3\.\d+(?:\.\d+)?)", text)
    return match[1] if match else ""
