# SPDX-License-Identifier: GPL-3.0-or-later
"""The other way round: the options of the command line that stand for a target."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Link, Target, Tls
from ..protocols import shell_words
from .values import DEFAULTS


def options_of(target: Target, platform: str) -> str:
    """What to type behind a command to have this target again, on a system of this `sys.platform`; "" for the defaults.

    The folder that it was called from is no option, nor are commands that were allowed one by one, in Blender. What a
    path asks for behind its `?` may be a secret and stands as an ellipsis.
    """
    return " ".join(shell_words.quoted(word, platform) for word in _words(target))


def _words(target: Target) -> Iterator[str]:
    for option, value in (*_place(target), *_configuration(target), *_expectations(target)):
        given = str(value)
        # A value that begins like an option would be taken for one.
        yield from [f"{option}={given}"] if given.startswith("-") else [option, given]
    switches = {
        "--tls": target.tls == Tls(),
        "--locked": target.locked,
        "--launch": target.launch,
        "--isolate": target.isolate,
    }
    yield from (name for name, on in switches.items() if on)


def _place(target: Target) -> Iterator[tuple[str, object]]:
    host, port = target.host != DEFAULTS.host, target.port != DEFAULTS.port
    if target.endpoint_given and (host or not port):
        yield "--host", target.host
    if target.endpoint_given and port:
        yield "--port", target.port
    if target.kind is not DEFAULTS.kind:
        yield "--kind", target.kind
    if target.path is not None:
        path, query, _asked = target.path.partition("?")
        yield "--path", f"{path}?…" if query else path
    if target.tls is not None:
        named = {
            "--ca-file": target.tls.ca_file,
            "--server-name": target.tls.server_name,
            "--client-cert": target.tls.client_cert,
        }
        yield from ((option, value) for option, value in named.items() if value is not None)


def _configuration(target: Target) -> Iterator[tuple[str, object]]:
    yield from (("--header-env", f"{name}={variable}") for name, variable in target.headers)
    yield from (("--app", app) for app in target.apps)
    if target.app_config is not None:
        yield "--app-config", target.app_config
    if target.server_config is not None:
        yield "--server-config", target.server_config
    if target.lock is not None:
        yield "--lock", target.lock.file


def _expectations(target: Target) -> Iterator[tuple[str, object]]:
    yield from (("--expect-protocol", version) for version in (*target.expect_protocol, *target.expect_mcp))
    if target.offers != DEFAULTS.offers:
        yield from (("--offer", version) for version in target.offers)
    yield from (("--pin", pin) for pin in target.pins)
    if target.links != frozenset(Link):
        yield "--only", ",".join(link for link in Link if link in target.links)
    yield from (("--ignore", cause) for cause in sorted(target.ignore))
    if target.deadline_s != DEFAULTS.deadline_s:
        yield "--deadline", f"{target.deadline_s:g}"
