# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes out of texts what must not be shown: secrets, and where this user's home folder is.

Applied once, when the report is made, so that no view can forget it.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import functools
import json
import operator
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from .model import Machine, Remedy, Repeat, Tool
from .own_names import OwnNames
from .protocols.shell_words import inside_quotes
from .secret_patterns import MASK, NAME, without_lookalikes
from .text import clean, percent_encoded

T = TypeVar("T")
Item = TypeVar("Item")

MASKED = (
    "values of environment variables that a configuration sets",
    "values of options, variables and headers whose name looks like a secret (token, key, password, authorization)",
    "texts that look like an access key or a token",
    "user name, password and query of URLs",
    "the home folder, shown as ~",
    "the name of this computer's user and of this computer, where they stand as words",
)
NOT_MASKED = (
    "names of AI apps, servers, add-ons, files and folders, those of other users' home folders among them",
    "names of other computers, addresses and ports",
    "versions, process numbers, program names and other users that they run as",
    "a user's or computer's name that is an ordinary word (root, blender, localhost) or shorter than three letters",
    "values that are very short or that many have (abc, true, 3.11), unless they stand behind their variable's name",
)

_SECRET_NAME = re.compile(f"(?i){NAME}")
_SECRET_OPTION = re.compile(f"(?i)--?{NAME}")
_HEADER_OPTIONS = frozenset({"--header", "-H"})
"""Options after which a header stands, whose value is nobody's business whatever its name."""
_MIN_SECRET = 4
_PAIR = re.compile(r"(\w+)=(.+)")
"""A variable with a value that is no secret by itself."""
_MIN_PART = 8
"""A line or the beginning of a secret is one too, from this many characters on."""
_LIMIT = 8000
"""Characters of a text that are shown; nothing that people read is longer."""
_SHORT = 500
"""Characters of a text that is worth being remembered."""
_VERBATIM = frozenset(
    {
        *("id", "explained_by", "root_cause", "blocked_by", "digest", "found", "layers", "masked", "not_masked"),
        "headline_words",
    }
)
"""Fields that hold our own words and names; nothing from outside stands there."""
_WITHOUT_TEXT = frozenset({"bool", "int", "float", "Verdict", "Link"})
"""Types of fields, as they are written, in which no text from outside can stand."""
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
        own = (value for name, value in machine.environ.items() if _names_secret(name))
        self._names = OwnNames(machine)
        self._own = frozenset(value for value in own if not _looks_like_path(value))

    def text(self, text: str) -> str:
        """The text, safe to show, with everything masked that `MASKED` lists."""
        shown = self._anonymous(self._without_secrets(text))
        return text if shown == text else shown

    def exact(self, text: str) -> str:
        """Like `text`, with the home folder written out: for this user's own screen."""
        return self._without_secrets(text)

    def _without_secrets(self, text: str) -> str:
        secrets = self._own.union(self._secrets) if self._secrets else self._own
        if secrets:
            text = hide(text, secrets)
        # What many reports have in common, such as the words of a cause, is looked at once.
        return _shown(text) if len(text) <= _SHORT else _shown.__wrapped__(text)

    def _anonymous(self, text: str) -> str:
        return self._names.without(self._without_home(text))

    def _without_home(self, text: str) -> str:
        if len(self._home) < 2:  # noqa: PLR2004  # "/" is everybody's
            return text
        if self._case is re.NOFLAG and self._home not in text:
            return text
        for home in {self._home, self._home.replace("\\", "\\\\"), self._home.replace("\\", "/")}:
            text = re.sub(r"(?<![\w/\\])" + re.escape(home) + r"(?![\w-]|\.\w)", "~", text, flags=self._case)
        return text

    def all(self, value: T) -> T:
        """Plain data (dataclasses, tuples, mappings, texts, paths) with every text in it masked.

        It is a copy, as far as something in it had to be masked.
        """
        return self._masked(value)  # type: ignore[return-value]

    def _masked(self, value: object) -> object:
        if type(value) is str:
            return self.text(value)
        if value is None or isinstance(value, (int, float, enum.Enum)):
            return value
        if isinstance(value, tuple):
            if value and all(type(item) is str for item in value):
                return self._argv(value)
            return _same_or(value, tuple([self._masked(item) for item in value]))
        if isinstance(value, Mapping):
            return {key: self._masked(item) for key, item in value.items()}
        if isinstance(value, Remedy | Repeat):
            return self._both(value)
        if isinstance(value, Path):
            return Path(self.text(str(value)))
        if isinstance(value, Tool):
            return value
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = ((name, getattr(value, name)) for name in _field_names(type(value)))
            masked = {name: new for name, item in fields if (new := self._masked(item)) is not item}
            return dataclasses.replace(value, **masked) if masked else value
        return value

    def _both(self, value: Remedy | Repeat) -> Remedy | Repeat:
        """What is to be typed or pasted, for a report and for this user's own screen."""
        # `~` in a configuration file is no path, so what is to be pasted there has the folder written out.
        exact = self._without_secrets(value.text)
        shown = dataclasses.replace(value, text=self._anonymous(exact), exact=exact)
        return dataclasses.replace(shown, title=self.text(shown.title)) if isinstance(shown, Remedy) else shown

    def _argv(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts, which may be a command line: the word after a secret-looking option is masked whole."""
        shown, hide = [], False
        for word in words:
            shown.append(MASK if hide and not word.startswith("-") else self.text(word))
            hide = word.startswith("-") and _SECRET_OPTION.fullmatch(word) is not None
        return _same_or(words, tuple(shown))


def _same_or(value: tuple[Item, ...], masked: tuple[Item, ...]) -> tuple[Item, ...]:
    """The value itself where nothing in it was masked."""
    return value if all(map(operator.is_, value, masked)) else masked


@functools.cache
def _field_names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass in which something from outside may stand."""
    fields = dataclasses.fields(kind)
    return tuple(field.name for field in fields if field.name not in _VERBATIM and field.type not in _WITHOUT_TEXT)


@functools.lru_cache(maxsize=512)
def _shown(text: str) -> str:
    """The text, safe to show, without what looks like a secret."""
    return without_lookalikes(clean(text, _LIMIT))


@functools.lru_cache(maxsize=512)
def _names_secret(variable: str) -> bool:
    """Whether a variable is called like one that holds a secret."""
    return _SECRET_NAME.fullmatch(variable) is not None


def hide(text: str, secrets: Collection[str]) -> str:
    """The text with these secrets masked: whole, in any spelling, line by line, and where the text was cut in one."""
    for secret in sorted(secrets, key=len, reverse=True):
        if (pair := _PAIR.fullmatch(secret)) is not None and not _is_telling(pair[2]):
            text = _without_value(text, pair[1], pair[2])
            continue
        if not _is_telling(secret):
            continue
        for written in _spellings(secret):
            if len(written) >= _MIN_PART:
                text = text.replace(written, MASK)
            else:  # a short one may be a part of an innocent word
                text = re.sub(rf"(?<!\w){re.escape(written)}(?!\w)", MASK, text)
        text = _without_cut_end(text, secret)
    return text


def setting(name: str, value: str) -> str:
    """What to keep as a secret of a variable that an entry sets: its value, or both where the value tells nothing."""
    return value if _is_telling(value) else f"{name}={value}"


def _is_telling(value: str) -> bool:
    """Whether a value is a secret wherever it stands: not very short, and not what many have."""
    return len(value) >= _MIN_SECRET and _HARMLESS.fullmatch(value) is None


def _without_value(text: str, name: str, value: str) -> str:
    """The text with a value masked behind its name, and where it fills a line and is no common word."""
    behind = rf"(?<![\w.-])({re.escape(name)}\\?['\"]?\s*[:=]\s*\\?['\"]?){re.escape(value)}(?!\w)"
    text = re.sub(behind, rf"\1{MASK}", text)
    if _HARMLESS.fullmatch(value):
        return text
    return re.sub(rf"(?m)^([ \t]*){re.escape(value)}(?=[ \t]*$)", rf"\1{MASK}", text)


def _without_cut_end(text: str, secret: str) -> str:
    ending = text.removesuffix("…").rstrip()
    for length in range(len(secret) - 1, _MIN_PART - 1, -1):
        if ending.endswith(secret[:length]):
            return ending[:-length] + MASK
    return text


@functools.lru_cache(maxsize=256)
def _spellings(secret: str) -> tuple[str, ...]:
    """The secret as it stands in texts: as it is, for a shell, in JSON, in an address, in base64, line by line."""
    in_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    in_shell = (*inside_quotes(secret), secret.replace('"', '\\"'))
    whole = percent_encoded(secret)
    in_url = (whole, whole.replace("%20", "+"), percent_encoded(secret, "/"))
    in_base64 = base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    lines = (line.strip() for line in secret.splitlines() if len(line.strip()) >= _MIN_PART)
    return tuple(
        sorted(
            {secret, *in_json, *in_shell, *in_url, in_base64, clean(secret, len(secret)), *lines}, key=len, reverse=True
        )
    )


def secret_words(argv: Sequence[str]) -> set[str]:
    """The values in a command line that belong to an option, a variable or a header which looks like a secret.

    In a command line that is written out, a value with blanks or quotes in it has no end that a pattern could find.
    """
    found, hide, before = set(), False, ""
    for word in argv:
        if (
            before in _HEADER_OPTIONS
            and (header := re.fullmatch(r"(?s)[\w-]+\s*[:=]\s*(?:\w+ )?(.+)", word)) is not None
        ):
            found.add(header[1])
        before = word
        if hide and not word.startswith("-"):
            found.add(word)
        if (
            named := re.fullmatch(rf"(?is)-{{0,2}}{NAME}\s*[=:]\s*(?:(?:bearer|basic|token)\s+)?(.+)", word)
        ) is not None:
            found.add(named[1])
        hide = _SECRET_OPTION.fullmatch(word) is not None
    return found


def looks_secret(name: str) -> bool:
    """Whether a value of this name is most likely a secret."""
    return _SECRET_NAME.fullmatch(name) is not None


def _looks_like_path(value: str) -> bool:
    return re.match(r"[~/]|\\\\|[A-Za-z]:[\\/]", value) is not None
