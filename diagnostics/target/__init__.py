# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a Target of what users type in preferences and on the command line; every value is checked before a run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..model import Link, Target
from .endpoints import host_and_port, port_number, read_endpoints
from .files import TargetError, read_lock, readable_file
from .requirements import pin_of, pins_in
from .values import (
    DEFAULTS,
    app_of,
    cause_of,
    header_of,
    is_revision,
    kind_of,
    link_of,
    offered,
    offered_for,
    path_of,
    protocol_number,
    seconds,
    tls_of,
)

__all__ = ["DEFAULTS", "ISOLATED_DEADLINE_S", "TargetError", "make_target", "read_endpoints", "read_lock", "seconds"]

_MAX_DEADLINE_S = 3600.0
ISOLATED_DEADLINE_S = 180.0
"""For a run that installs something, where the user gave no deadline."""


def make_target(
    *,
    host: str | None = None,
    port: str | int | None = None,
    kind: str | None = None,
    path: str | None = None,
    tls: bool = False,
    ca_file: str | Path | None = None,
    server_name: str | None = None,
    client_cert: str | Path | None = None,
    expect_protocol: Iterable[str | int] = (),
    offers: Iterable[str] = (),
    headers: Iterable[str] = (),
    pins: Iterable[str] = (),
    requirements: str | Path | None = None,
    apps: Iterable[str] = (),
    app_config: str | Path | None = None,
    project: Path | None = None,
    server_config: str | Path | None = None,
    lock: str | Path | None = None,
    locked: bool = False,
    only: Iterable[str] = (),
    launch: bool = False,
    allowed_commands: Iterable[str] = (),
    ignore: Iterable[str] = (),
    deadline: str | float | None = None,
    isolate: bool = False,
    own_folder: Path | None = None,
) -> Target:
    """Returns the target; None and "" stand for the default. Raises TargetError with one line for the first bad value.

    `requirements` is a file in the format of pip; its requirements are pins too.
    `host` may carry the port as `host:port` or `[address]:port`, unless `port` names another one.
    """
    expected = list(expect_protocol)
    pinned = [value for value in pins if value.strip()]
    links = frozenset(link_of(value) for value in only) or frozenset(Link)
    for argument, wanted in (("pin", pinned), ("requirements", requirements), ("isolate", isolate)):
        if wanted and Link.SERVER not in links:
            raise TargetError(argument, f"is about the link {Link.SERVER}, which --only leaves out")
    name, port_in_host = host_and_port(host) if host and host.strip() else (DEFAULTS.host, None)
    known = read_lock(lock) if lock else None
    if locked and known is None:
        raise TargetError("locked", "says that the lock must match, and no lock file is named")
    number = port_number(port) if port is not None and port != "" else None
    if port_in_host is not None and number is not None and port_in_host != number:
        raise TargetError("host", f"names port {port_in_host}, and the port is {number}; write the host without a port")
    read: list[Path] = []
    return Target(
        host=name,
        port=number or port_in_host or DEFAULTS.port,
        endpoint_given=bool(host and host.strip()) or number is not None,
        kind=kind_of(kind),
        path=path_of(path, kind_of(kind)) if path and path.strip() else None,
        tls=tls_of(ca_file, server_name, client_cert) if tls or ca_file or server_name or client_cert else None,
        expect_protocol=tuple(protocol_number(value) for value in expected if not is_revision(value)),
        expect_mcp=tuple(str(value).strip() for value in expected if is_revision(value)),
        offers=tuple(offered(value) for value in offers) or offered_for(expected),
        headers=tuple(header_of(value) for value in headers),
        pins=(
            *(pin_of(value) for value in pinned),
            *(pins_in(requirements, read) if requirements else ()),
        ),
        apps=tuple(app_of(value) for value in apps),
        app_config=readable_file("app-config", app_config) if app_config else None,
        project=project,
        server_config=readable_file("server-config", server_config) if server_config else None,
        lock=known,
        locked=locked,
        ask_versions=known is not None and bool(known.working.uv_version),
        links=links,
        launch=launch,
        allowed_commands=frozenset(allowed_commands),
        ignore=frozenset(cause_of(value) for value in ignore),
        deadline_s=(
            (ISOLATED_DEADLINE_S if isolate else DEFAULTS.deadline_s)
            if deadline is None or deadline == ""
            else seconds(deadline, "deadline", _MAX_DEADLINE_S, zero=False)
        ),
        isolate=isolate,
        own_folder=own_folder,
        read=tuple(read),
    )
