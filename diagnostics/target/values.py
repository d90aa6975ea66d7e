# SPDX-License-Identifier: GPL-3.0-or-later
"""The single values of a target, each as it is typed; what cannot be used is refused in one line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path

from ..knowledge import catalogue
from ..knowledge.apps import apps as known_apps
from ..model import Kind, Link, Target, Tls
from ..protocols import mcp_versions
from ..text import one_line
from .files import TargetError, readable_file

DEFAULTS = Target()


def kind_of(value: str | None) -> Kind:
    """What the endpoint is; without a word about it, that is found out. Raises TargetError for an unknown kind."""
    text = (value or Kind.AUTO).lower()
    if text not in set(Kind):
        raise TargetError("kind", f"“{one_line(text, 40)}” is not supported; choose one of {', '.join(Kind)}")
    return Kind(text)


def path_of(value: str, kind: Kind) -> str:
    """The path of an MCP server on its web server. Raises TargetError for what is none."""
    path, shown = value.strip(), one_line(value.strip().partition("?")[0], 80)
    if kind is Kind.BRIDGE:
        raise TargetError("path", "a Blender add-on's socket has no path; choose the kind mcp-http")
    if "://" in path:
        raise TargetError("path", f"“{shown}” is a URL; write the part that begins with the / after the host")
    if not path.startswith("/") or not (path.isascii() and path.isprintable()) or " " in path or "#" in path:
        raise TargetError("path", f"“{shown}” is no path on a web server; write for example /mcp")
    return path


def tls_of(ca_file: str | Path | None, server_name: str | None, client_cert: str | Path | None) -> Tls:
    """How TLS is spoken. Raises TargetError for a file that cannot be read."""
    return Tls(
        readable_file("ca-file", ca_file) if ca_file else None,
        (server_name or "").strip() or None,
        readable_file("client-cert", client_cert) if client_cert else None,
    )


def is_revision(value: str | int) -> bool:
    """Whether it is shaped like a version of MCP, which is a date."""
    text = str(value).strip()
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        raise TargetError("expect-protocol", f"“{text}” is no date, which versions of MCP are") from None
    return True


def protocol_number(value: str | int) -> int:
    """The number of an add-on's protocol. Raises TargetError for anything else."""
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise TargetError(
            "expect-protocol",
            f"“{one_line(text, 40)}” is no version; write a whole number for the add-on's, or a date for MCP's, "
            "such as 2025-11-25",
        )
    return int(text)


def offered_for(expected: Iterable[str | int]) -> tuple[str, ...]:
    """What is offered unless the user says: the usual, and what is expected and is asked for in a way of its own."""
    wanted = {str(value).strip() for value in expected}
    return (*(version for version in mcp_versions.STATELESS if version in wanted), *DEFAULTS.offers)


def offered(value: str) -> str:
    """A version of MCP that is to be offered. Raises TargetError for an unknown one."""
    if value.strip() not in mcp_versions.KNOWN:
        known = ", ".join(mcp_versions.KNOWN)
        raise TargetError("offer", f"“{one_line(value, 40)}” is no known version of MCP; known are {known}")
    return value.strip()


def header_of(value: str) -> tuple[str, str]:
    """The name of a header and that of the variable which holds its value. The value itself is never a setting."""
    name, _equals, variable = (part.strip() for part in value.partition("="))
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}", name) or not re.fullmatch(r"[A-Za-z_]\w{0,200}", variable):
        raise TargetError(
            "header-env",
            "is written NAME=VARIABLE, the environment variable holding the value, for example Authorization=MY_TOKEN",
        )
    if name.lower() in _OWN_HEADERS or name.lower().startswith("mcp-"):
        raise TargetError("header-env", f"“{name}” is a header that MCP Diagnostics sets itself")
    return name, variable


_OWN_HEADERS = {
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
}


def app_of(value: str) -> str:
    """The id of a known AI app. Raises TargetError for an unknown one."""
    names = [app.id for app in known_apps()]
    if value not in names:
        raise TargetError("app", f"“{one_line(value, 60)}” is not known; known are {', '.join(names)}")
    return value


def link_of(value: str) -> Link:
    """A link of the chain. Raises TargetError for what is none."""
    if value not in set(Link):
        raise TargetError("only", f"“{one_line(value, 60)}” is no link of the chain; the links are {', '.join(Link)}")
    return Link(value)


def cause_of(value: str) -> str:
    """The id of a cause that is to decide nothing. Raises TargetError for an unknown one."""
    if value not in catalogue.causes():
        raise TargetError("ignore", f"“{one_line(value, 60)}” is no known cause; “mcp-diagnostics explain” lists them")
    return value


def seconds(value: str | float, argument: str, most: float, *, zero: bool = True) -> float:
    """A time of at most `most` seconds; `zero` says whether it may be 0. Raises TargetError that names the argument."""
    try:
        found = float(str(value))
    except ValueError:
        found = float("nan")
    if not 0 <= found <= most or (found == 0 and not zero):
        least = "0 or more" if zero else "more than 0"
        raise TargetError(
            argument, f"“{one_line(str(value), 40)}” is no time; write seconds, {least} and at most {most:g}"
        )
    return found
