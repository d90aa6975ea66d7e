# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the names of this user and of this computer out of texts.

They are masked where they stand as words, but for those which the report itself needs as words: "root", "admin" and
"localhost" tell nothing about anybody, and masking "blender" would destroy every sentence.
"""

from __future__ import annotations

import re

from .knowledge import speaks_of
from .model import Machine
from .text import percent_encoded

USER = "‹user›"
COMPUTER = "‹computer›"

_SHORTEST = 3
_EVERYBODY = frozenset((
    "root", "user", "users", "username", "admin", "administrator", "home", "guest", "test", "tester",
    "nobody", "default", "owner", "system", "local", "localhost", "localdomain", "ubuntu", "debian", "fedora",
    "archlinux", "runner", "vagrant", "docker", "desktop", "laptop", "computer", "machine", "host", "server",
    "client", "none", "true", "false", "main", "dev", "work", "public", "private",
))  # fmt: skip
"""Names that many computers have, and words that stand everywhere."""


class OwnNames:
    """Masks the names of one machine."""

    def __init__(self, machine: Machine) -> None:
        environ = machine.environ
        users = {machine.home.name, *(environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME"))}
        hosts = {machine.node, environ.get("COMPUTERNAME", ""), environ.get("HOSTNAME", "")}
        # The first label alone tells as much as the whole.
        hosts |= {host.partition(".")[0] for host in hosts}
        self._patterns = [
            *(
                (_pattern(name, r"(?![\w-]|\.\w)", ignore_case=machine.platform == "win32"), USER)
                for name in _told(users)
            ),
            *((_pattern(name, r"(?![\w-])", ignore_case=True), COMPUTER) for name in _told(hosts)),
        ]

    def without(self, text: str) -> str:
        """The text with these names masked."""
        for pattern, mask in self._patterns:
            text = pattern.sub(mask, text)
        return text


def _told(names: set[str]) -> list[str]:
    """The names that tell who somebody is, longest first."""
    return sorted((name for name in names if not _is_ordinary(name)), key=len, reverse=True)


def _is_ordinary(name: str) -> bool:
    return len(name) < _SHORTEST or name.isdigit() or name.lower() in _EVERYBODY or speaks_of(name)


def _pattern(name: str, end: str, *, ignore_case: bool) -> re.Pattern[str]:
    written = "|".join(re.escape(spelling) for spelling in sorted({name, percent_encoded(name)}, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{written}){end}", re.IGNORECASE if ignore_case else re.NOFLAG)
