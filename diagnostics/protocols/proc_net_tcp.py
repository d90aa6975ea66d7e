# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads Linux's table of TCP sockets, `/proc/net/tcp` and `/proc/net/tcp6` (proc_net_tcp in the kernel's documents)."""

from __future__ import annotations

from collections.abc import Iterator

_LISTEN = "0A"


def waiting(table: str) -> Iterator[tuple[int, int]]:
    """Port of each listening socket, and how many connections wait in its queue to be accepted.

    For a listening socket the kernel puts that number into the column of the receive queue. Lines that are no such
    socket, or no such table, are passed over.
    """
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 4 and fields[3] == _LISTEN:  # noqa: PLR2004  # sl, local, remote, state, queues
            _address, _colon, port = fields[1].rpartition(":")
            _sent, _colon, received = fields[4].partition(":")
            try:
                yield int(port, 16), int(received, 16)
            except ValueError:
                continue
