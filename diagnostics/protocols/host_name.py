# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts can be a host at all, and how a name with other letters than ASCII's is asked for."""

from __future__ import annotations

import ipaddress
import re

_MAX_NAME = 253
_MAX_LABEL = 63
_NUMBERS = 4
_MAX_NUMBER = 255
_MAX_PORT = 65535


def fault(host: str) -> str:
    """Why no name service can know this host, in a few words; empty where it may be known (RFC 1035, section 2.3.4)."""
    if len(host) > _MAX_NAME:
        return f"it is longer than the {_MAX_NAME} characters that a host may have"
    if re.fullmatch(r"[0-9.]*[0-9][0-9.]*", host):
        return _numeric_fault(host)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _name_fault(host)
    if isinstance(address, ipaddress.IPv6Address) and address.is_link_local and not address.scope_id:
        return f"such an address counts in one network only; write which one behind it, such as {host}%eth0"
    return ""


def asked_as(host: str) -> str:
    """The name as name services know it (RFC 3490: “müller” is asked for as “xn--mller-kva”); see `fault` first."""
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _numeric_fault(host: str) -> str:
    """What is wrong with an IPv4 address. Short forms of a loopback address (127.1) are taken, as the system does.

    Of other short forms the system makes an address that hardly anybody means: 192.168.1 is 192.168.0.1 for it.
    """
    parts = host.split(".")
    if "." not in host:
        if len(host) <= len(str(_MAX_PORT)) and 0 < int(host) <= _MAX_PORT:
            return f"a number alone is no host; if it is the port, the host comes before it: localhost:{host}"
        return "a number alone is no host; an address is four numbers, such as 127.0.0.1"
    if "" in parts:
        return "a dot in it is too many; an address is four numbers with a dot between them, such as 127.0.0.1"
    if any(len(part) > len(str(int(part))) for part in parts):
        return "a number in it begins with 0, which not every program reads in the same way"
    short_loopback = parts[0] == "127" and int(parts[-1]) > 0
    if any(int(part) > _MAX_NUMBER for part in parts) or len(parts) > _NUMBERS:
        return "an address is four numbers from 0 to 255, such as 127.0.0.1"
    if len(parts) < _NUMBERS and not short_loopback:
        return "an address has four numbers, such as 127.0.0.1, and this one has fewer"
    return ""


def _name_fault(host: str) -> str:
    labels = host.removesuffix(".").split(".")
    if "" in labels:
        return "a dot in it is too many"
    if re.search(r"[\x00-\x20\x7f/@?#]", host):
        return "a letter in it cannot stand in a host name"
    try:
        host.encode("idna")
    except UnicodeError:
        long = any(len(label) > _MAX_LABEL for label in labels)
        return "a part of it is longer than 63 letters" if long else "a letter in it cannot stand in a host name"
    return ""
