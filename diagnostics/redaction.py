# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes out of texts what must not be shown: secrets, and where this user's home folder is.

Applied once, when the report is made, so that no view can forget it.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from .model import Machine, Remedy, Tool
from .text import clean

T = TypeVar("T")

MASK = "‹masked›"
MASKED = (
    "values of environment variables that a configuration sets",
    "values of options, variables and headers whose name looks like a secret (token, key, password, authorization)",
    "texts that look like an access key or a token",
    "user name, password and query of URLs",
    "the home folder, shown as ~",
)
NOT_MASKED = (
    "names of AI apps, servers, add-ons, files and folders below the home folder",
    "host names, addresses and ports",
    "versions, process numbers, program names and the users that they run as",
)

_NAME = (
    r"[\w.-]{0,40}?(?:api[_-]?key|access[_-]?key|private[_-]?key|token|secret|passw(?:or)?d|passphrase|credential|licen[cs]e"
    r"|auth|bearer|cookie|session[_-]?id)[\w.-]{0,40}"
)
_SECRET_NAME = re.compile(f"(?i){_NAME}")
_SECRET_OPTION = re.compile(f"(?i)--?{_NAME}")
# A pattern that may begin anywhere in a long run of such characters would take quadratic time.
_AT_START = r"(?<![\w.-])"
_PATTERNS = (
    # --token VALUE, --api-key=VALUE; a list of arguments in quotes or with commas too
    (re.compile(rf"(?i){_AT_START}(--?{_NAME})(\s*=\s*|['\"]?[,\s]+['\"]?)(?!-)([^\s'\",\]]+)"), rf"\1\2{MASK}"),
    # API_KEY=VALUE, "token": "VALUE", Authorization: Bearer VALUE
    (
        re.compile(
            rf"(?i){_AT_START}({_NAME}['\"]?\s*[:=]\s*['\"]?)(?:(?:bearer|basic|token)\s+)?(?!‹)([^\s'\",;&}}]+)"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w+/=.~-]{8,}"), rf"\1 {MASK}"),
    # user:password@ and ?query of URLs
    (re.compile(r"((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}://)[^\s/@'\"]+@", re.IGNORECASE), rf"\1{MASK}@"),
    (re.compile(r"((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}://[^\s?'\"]*)\?[^\s'\"]+", re.IGNORECASE), rf"\1?{MASK}"),
    # keys with a well-known beginning, and JSON Web Tokens
    (
        re.compile(
            r"\b(?:sk|pk|rk|ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abeoprs]|hf|npm|pypi|AKIA|ASIA|AIza|ya29|tripo|msy)[-_]?[\w-]{16,}"
        ),
        MASK,
    ),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"), MASK),
)
_MIN_SECRET = 4
_MIN_PART = 8
"""A line or the beginning of a secret is one too, from this many characters on."""
_LIMIT = 8000
"""Characters of a text that are shown; nothing that people read is longer."""
_SHORT = 500
"""Characters of a text that is worth being remembered."""
_VERBATIM = frozenset({"id", "explained_by", "root_cause", "blocked_by", "digest", "layers", "masked", "not_masked"})
"""Fields that hold our own words and names; nothing from outside stands there."""
_HARMLESS = re.compile(
    r"(?i)true|false|yes|no|on|off|none|null|\d{1,5}|v?\d{1,3}(?:\.\d{1,3}){1,3}|localhost|::1|utf-?8|info|debug|warning"
    r"|error|blender|python|stdio|copy|never|always|only-managed|only-system|production|development"
)


class Redactor:
    """Masks texts for one run. `secrets` may grow while the run goes on."""

    def __init__(self, machine: Machine, secrets: Collection[str] = ()) -> None:
        self._secrets = secrets
        self._home = str(machine.home)
        self._case = re.IGNORECASE if machine.platform == "win32" else re.NOFLAG
        own = (value for name, value in machine.environ.items() if _SECRET_NAME.fullmatch(name))
        self._own = frozenset(value for value in own if not _looks_like_path(value))

    def text(self, text: str) -> str:
        """The text, safe to show, with everything masked that `MASKED` lists."""
        return self._without_home(self._without_secrets(text))

    def exact(self, text: str) -> str:
        """Like `text`, with the home folder written out: for this user's own screen."""
        return self._without_secrets(text)

    def _without_secrets(self, text: str) -> str:
        secrets = self._own.union(self._secrets)
        if secrets:
            text = hide(text, secrets)
        # What many reports have in common, such as the words of a cause, is looked at once.
        return _shown(text) if len(text) <= _SHORT else _shown.__wrapped__(text)

    def _without_home(self, text: str) -> str:
        if len(self._home) < 2:  # noqa: PLR2004  # "/" is everybody's
            return text
        if self._case is re.NOFLAG and self._home not in text:
            return text
        for home in {self._home, self._home.replace("\\", "\\\\"), self._home.replace("\\", "/")}:
            text = re.sub(r"(?<![\w/\\])" + re.escape(home) + r"(?![\w-]|\.\w)", "~", text, flags=self._case)
        return text

    def all(self, value: T) -> T:
        """A copy of plain data (dataclasses, tuples, mappings, texts, paths) with every text in it masked."""
        return self._masked(value)  # type: ignore[return-value]

    def _masked(self, value: object) -> object:
        if type(value) is str:
            return self.text(value)
        if value is None or isinstance(value, int | float | enum.Enum):
            return value
        if isinstance(value, tuple):
            if value and all(type(item) is str for item in value):
                return self._argv(value)
            return tuple(self._masked(item) for item in value)
        if isinstance(value, Mapping):
            return {key: self._masked(item) for key, item in value.items()}
        if isinstance(value, Remedy):
            # `~` in a configuration file is no path, so what is to be pasted there has the folder written out.
            exact = self._without_secrets(value.text)
            shown = self._without_home(exact)
            return dataclasses.replace(value, title=self.text(value.title), text=shown, exact=exact)
        if isinstance(value, Path):
            return Path(self.text(str(value)))
        if isinstance(value, Tool):
            return value
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return dataclasses.replace(
                value, **{name: self._masked(getattr(value, name)) for name in _field_names(type(value))}
            )
        return value

    def _argv(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts, which may be a command line: the word after a secret-looking option is masked whole."""
        shown, hide = [], False
        for word in words:
            shown.append(MASK if hide and not word.startswith("-") else self.text(word))
            hide = word.startswith("-") and _SECRET_OPTION.fullmatch(word) is not None
        return tuple(shown)


@functools.cache
def _field_names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass in which something from outside may stand."""
    return tuple(field.name for field in dataclasses.fields(kind) if field.name not in _VERBATIM)


@functools.lru_cache(maxsize=512)
def _shown(text: str) -> str:
    """The text, safe to show, without what looks like a secret."""
    text = clean(text, _LIMIT)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def hide(text: str, secrets: Collection[str]) -> str:
    """The text with these secrets masked: whole, in any spelling, line by line, and where the text was cut in one."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) < _MIN_SECRET or _HARMLESS.fullmatch(secret):
            continue
        for written in _spellings(secret):
            if len(written) >= _MIN_PART:
                text = text.replace(written, MASK)
            else:  # a short one may be a part of an innocent word
                text = re.sub(rf"(?<!\w){re.escape(written)}(?!\w)", MASK, text)
        text = _without_cut_end(text, secret)
    return text


def _without_cut_end(text: str, secret: str) -> str:
    ending = text.removesuffix("…").rstrip()
    for length in range(len(secret) - 1, _MIN_PART - 1, -1):
        if ending.endswith(secret[:length]):
            return ending[:-length] + MASK
    return text


@functools.lru_cache(maxsize=256)
def _spellings(secret: str) -> tuple[str, ...]:
    """The secret as it stands in texts: as it is, quoted for a shell, in JSON, made harmless to show, and its lines."""
    in_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    in_shell = (secret.replace("'", "'\"'\"'"), secret.replace('"', '\\"'))
    lines = (line.strip() for line in secret.splitlines() if len(line.strip()) >= _MIN_PART)
    return tuple(sorted({secret, *in_json, *in_shell, clean(secret, len(secret)), *lines}, key=len, reverse=True))


def secret_words(argv: Sequence[str]) -> set[str]:
    """The values in a command line that belong to an option, a variable or a header which looks like a secret.

    In a command line that is written out, a value with blanks or quotes in it has no end that a pattern could find.
    """
    found, hide = set(), False
    for word in argv:
        if hide and not word.startswith("-"):
            found.add(word)
        if (
            named := re.fullmatch(rf"(?is)-{{0,2}}{_NAME}\s*[=:]\s*(?:(?:bearer|basic|token)\s+)?(.+)", word)
        ) is not None:
            found.add(named[1])
        hide = _SECRET_OPTION.fullmatch(word) is not None
    return found


def looks_secret(name: str) -> bool:
    """Whether a value of this name is most likely a secret."""
    return _SECRET_NAME.fullmatch(name) is not None


def _looks_like_path(value: str) -> bool:
    return re.match(r"[~/]|\\\\|[A-Za-z]:[\\/]", value) is not None
