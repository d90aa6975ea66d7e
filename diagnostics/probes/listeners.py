# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens on this machine's TCP ports: process, program, user, address."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from .process_identity import is_blender, is_named_blender, started_by
from .process_names import ProcessNames


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening socket. `pid` is None where the system hides the process from this user."""

    address: str
    port: int
    pid: int | None
    program: str = ""
    executable: str = ""
    """Name of the file that runs: for a script the interpreter, where `program` may be the script's name."""
    user: str = ""
    since: str = ""
    is_blender: bool = False
    """The program is Blender itself, or a Python that has loaded Blender as a module."""
    parent: int = 0
    """Id of the process that started it, 0 where that is not known."""
    arguments: tuple[str, ...] = field(default=(), repr=False)
    """Its command line, which may hold secrets and is never shown."""
    path: str = ""
    """The file that runs, with its folder."""
    created_s: float = 0.0
    """When the process began, in seconds since the epoch."""

    def __str__(self) -> str:
        if self.pid is None:
            return f"a process that this user may not see, on {self.address}"
        return f"{self.program} (process {self.pid}, user {self.user or 'unknown'}) on {self.address}"


def blenders(names: ProcessNames) -> tuple[str, ...]:
    """The Blenders among these processes that still run, and in this machine's network.

    One in a container with a network of its own has ports of its own too. Blocks for some milliseconds.
    """
    found = {}
    for pid in (pid for pid, name in names.every if is_named_blender(name)):
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(pid)
            name = process.name()  # whole, which that of the list need not be
            if is_named_blender(name) and process.status() != psutil.STATUS_ZOMBIE and _shares_ports(pid):
                found[pid] = (process.ppid(), name)
    # What a Blender starts, such as one that renders for it, belongs to it.
    return tuple(f"{name} (process {pid})" for pid, (parent, name) in sorted(found.items()) if parent not in found)


def _shares_ports(pid: int) -> bool:
    """Whether a process is in this one's network, as far as the system tells."""
    try:
        return Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
    except OSError:
        return True


@dataclass(frozen=True, slots=True)
class Client:
    """A process that holds a connection to a port of this machine."""

    pid: int
    program: str
    arguments: tuple[str, ...] = field(default=(), repr=False)
    """Its command line, which may hold secrets and is never shown."""
    parent: str = ""
    """Who started it, in words; empty when that one is gone."""
    created_s: float = 0.0
    """When it began, in seconds since the epoch."""

    def __str__(self) -> str:
        return f"{self.program or 'a program'} (process {self.pid})"


def clients(port: int, table: TcpTable) -> tuple[Client, ...]:
    """The other processes that are connected to `port` of this machine, without this one.

    Blocks for about a millisecond for each.
    """
    pids = {pid for at, host, pid in table.connected if at == port and is_local(host)}
    found = []
    for pid in sorted(pids - {os.getpid()}):
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(pid)
            found.append(
                Client(pid, process.name(), tuple(process.cmdline()), started_by(process), process.create_time())
            )
    return tuple(found)


@dataclass(frozen=True, slots=True, order=True)
class Socket:
    """A listening socket, as the system lists it. `pid` is 0 where the system hides the process from this user."""

    port: int
    address: str
    pid: int


@dataclass(frozen=True, slots=True)
class TcpTable:
    """The TCP sockets of this machine, as one look at the system's table shows them."""

    listening: tuple[Socket, ...] = ()
    connected: tuple[tuple[int, str, int], ...] = ()
    """Port and host to which a process is connected, and its id."""


def read_tcp_table() -> TcpTable:
    """All listening and connected TCP sockets of this machine. Blocks for some milliseconds.

    Where the system shows only one's own processes (macOS), those that listen are what is returned.
    """
    try:
        rows = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return TcpTable(tuple(sorted(_of_own_processes())))
    listening = {
        Socket(row.laddr.port, row.laddr.ip, row.pid or 0)
        for row in rows
        if row.status == psutil.CONN_LISTEN and row.laddr
    }
    connected = (
        (row.raddr.port, row.raddr.ip, row.pid)
        for row in rows
        if row.status == psutil.CONN_ESTABLISHED and row.raddr and row.pid
    )
    return TcpTable(tuple(sorted(listening)), tuple(connected))


def _of_own_processes() -> set[Socket]:
    found: set[Socket] = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            for row in process.net_connections("tcp"):
                if row.status == psutil.CONN_LISTEN and row.laddr:
                    found.add(Socket(row.laddr.port, row.laddr.ip, process.pid))
    return found


def described(at: Socket) -> Listener:
    """The socket with what the system tells of its process. Blocks for about a millisecond."""
    if not at.pid:
        return Listener(at.address, at.port, None)
    program = executable = user = since = path = ""
    blender, parent, created = False, 0, 0.0
    arguments: tuple[str, ...] = ()
    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(at.pid)
        program = process.name()
        with contextlib.suppress(psutil.Error, OSError):
            path = process.exe()
            executable = re.split(r"[\\/]", path)[-1]
        blender = is_blender(process, program, path)
        created = process.create_time()
        since = dt.datetime.fromtimestamp(created).astimezone().isoformat(timespec="seconds")
        user = process.username()
        parent, arguments = process.ppid(), tuple(process.cmdline())
    return Listener(
        at.address, at.port, at.pid, program, executable, user, since, blender, parent, arguments, path, created
    )


def user_name() -> str:
    """This user, as `Listener.user` names one; "" where the system does not tell."""
    with contextlib.suppress(psutil.Error, OSError, KeyError):
        return psutil.Process().username()
    return ""


def program_file(pid: int) -> str:
    """The file that a process runs, with its folder; "" where the system does not tell."""
    with contextlib.suppress(psutil.Error, OSError):
        return psutil.Process(pid).exe()
    return ""


def is_local(host: str) -> bool:
    """Whether a numeric address belongs to this machine."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if address.is_loopback or address.is_unspecified:
        return True
    with contextlib.suppress(psutil.Error, OSError):
        return any(host == entry.address for entries in psutil.net_if_addrs().values() for entry in entries)
    return False
