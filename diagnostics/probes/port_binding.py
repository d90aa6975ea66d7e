# SPDX-License-Identifier: GPL-3.0-or-later
"""What this system allows a program to do with its own ports."""

from __future__ import annotations

import contextlib
import os
import socket

from ..ledger import Ledger
from .tcp import Address, open_socket, reading

_FORBIDDEN = ("EACCES", "EPERM", "WSAEACCES")


def why_forbidden(port: int) -> str:
    """Why this user may not use `port` of the loopback interface, as the system calls it; "" where it may."""
    reason = why_not_bound(port)
    return reason if reason in _FORBIDDEN else ""


def why_not_bound(port: int) -> str:
    """Why a program cannot use `port` of the loopback interface now, as the system calls it; "" where it can.

    Binds as an add-on does, without listening, so nobody can connect meanwhile.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have just ended do not count
        try:
            sock.bind(("127.0.0.1", port))
        except OSError as error:
            return reading(error)[1]
    return ""


async def loopback_fault(ledger: Ledger, *, deadline_s: float = 1.0) -> str:
    """What kept a connection from this process to itself over 127.0.0.1 from being made; "" where it works.

    Listens for that moment on a port that the system chooses.
    """
    try:
        listener = socket.create_server(("127.0.0.1", 0), backlog=1)
    except OSError as error:
        return reading(error)[1]
    with listener:
        address = Address(socket.AF_INET, listener.getsockname())
        try:
            sock = await open_socket(address, ledger, deadline_s=deadline_s)
        except OSError as error:  # asyncio's TimeoutError is one too
            reached, name = reading(error)
            return name or f"{reached} after {deadline_s:g} s"
        sock.close()
        with contextlib.suppress(OSError):
            listener.setblocking(False)
            listener.accept()[0].close()
    return ""
