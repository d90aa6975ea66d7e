# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts and ports as they are typed, one by one or in a file."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from pathlib import Path

from ..text import clean, one_line
from .files import TargetError, readable_file, refuse, text_of

_MAX_PORT = 65535


def host_and_port(text: str) -> tuple[str, int | None]:
    """Host and, where it is in there, the port. An IPv6 address is taken with and without brackets."""
    host = text.strip()
    if "://" in host:
        inner = re.sub(r"^.*?://(?:[^/@]*@)?([^/?#]*).*$", r"\1", host)
        shown = re.sub(r"://[^/@]*@", "://…@", host)  # a password stands there
        raise TargetError(
            "host", f"“{one_line(shown, 80)}” is a URL; write only the host: {one_line(inner, 80) or 'localhost'}"
        )
    if re.search(r"[\s/@?#]", host) or clean(host, len(host)) != host:
        raise TargetError(
            "host", f"“{one_line(host, 80)}” is no host name; write a name such as localhost, or an address"
        )
    if (bracketed := re.fullmatch(r"\[([^\]]+)\](?::(.*))?", host)) is not None:
        return _address(bracketed[1]), None if bracketed[2] is None else port_number(bracketed[2])
    if host.count(":") > 1:
        return _address(host), None
    name, colon, port = host.partition(":")
    if not name:
        raise TargetError("host", f"“{one_line(host, 80)}” has no name before the colon; write localhost{host}")
    if len(name) > 253:  # noqa: PLR2004  # RFC 1035, section 2.3.4
        raise TargetError("host", f"“{one_line(name, 40)}” is longer than the 253 characters that a host name may have")
    return name, port_number(port) if colon else None


def read_endpoints(texts: Iterable[str], file: str | Path | None = None) -> tuple[str, ...]:
    """The endpoints that are given one by one, and those in a file: one `host[:port]` a line, `#` begins a comment.

    Raises TargetError that names every line of the file which is no endpoint by its number.
    """
    for text in texts:
        _endpoint(text, "endpoint")
    if file is None:
        return tuple(text.strip() for text in texts)
    path = readable_file("endpoints", file)
    lines = text_of(path, "endpoints").splitlines()
    found, wrong = [], []
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        try:
            if text:
                _endpoint(text, "endpoints")
                found.append(text)
        except TargetError as error:
            wrong.append(f"line {number}: {error.message}")
    refuse(wrong, "endpoints")
    if not found and not texts:
        raise TargetError("endpoints", f"“{one_line(str(path), 200)}” names no endpoint")
    return (*(text.strip() for text in texts), *found)


def _endpoint(text: str, argument: str) -> None:
    try:
        if not text.strip():
            raise TargetError("host", "an endpoint is empty; write host or host:port")
        host_and_port(text)
    except TargetError as error:
        raise TargetError(argument, error.message) from None


def _address(text: str) -> str:
    shown = one_line(text, 80)
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise TargetError(
            "host", f"“{shown}” is no IPv6 address; write for example ::1, or host:port with one colon"
        ) from None
    if address.is_link_local and not address.scope_id:
        raise TargetError(
            "host", f"“{shown}” counts in one network only; write which one behind it, such as {shown}%eth0"
        )
    return str(address.ipv4_mapped or address)


def port_number(value: str | int) -> int:
    """A port from 1 to 65535. Raises TargetError for anything else."""
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 0 < int(text) <= _MAX_PORT:
        raise TargetError("port", f"“{one_line(text, 40)}” is no port; write a whole number from 1 to {_MAX_PORT}")
    return int(text)
