# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a Target of what users type in preferences and on the command line; every value is checked before a run."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from .knowledge import catalogue
from .knowledge.apps import apps as known_apps
from .lock import MAX_BYTES as MAX_LOCK
from .lock import LockError, parse
from .model import Kind, Link, Lock, Target, Tls
from .protocols import mcp_versions
from .protocols.requirements_file import read_requirement_lines
from .text import clean, one_line, without_user

DEFAULTS = Target()
_MAX_PORT = 65535
_MAX_DEADLINE_S = 3600.0
ISOLATED_DEADLINE_S = 180.0
"""For a run that installs something, where the user gave no deadline."""
_MAX_FILE = 16 << 20
"""Bytes of a file of endpoints or requirements."""
_MAX_DEPTH = 8
"""How far one file of requirements may lead to another."""
_SHOWN = 5
"""Wrong lines of it that are shown."""


class TargetError(ValueError):
    """A value that cannot be used. `argument` is its name in preferences and on the command line ("port")."""

    def __init__(self, argument: str, message: str) -> None:
        super().__init__(f"{argument}: {message}")
        self.argument = argument
        self.message = message


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
    links = frozenset(_link(value) for value in only) or frozenset(Link)
    for argument, wanted in (("pin", pinned), ("requirements", requirements), ("isolate", isolate)):
        if wanted and Link.SERVER not in links:
            raise TargetError(argument, f"is about the link {Link.SERVER}, which --only leaves out")
    name, port_in_host = _host(host) if host and host.strip() else (DEFAULTS.host, None)
    known = read_lock(lock) if lock else None
    if locked and known is None:
        raise TargetError("locked", "says that the lock must match, and no lock file is named")
    number = _port(port) if port is not None and port != "" else None
    if port_in_host is not None and number is not None and port_in_host != number:
        raise TargetError("host", f"names port {port_in_host}, and the port is {number}; write the host without a port")
    read: list[Path] = []
    return Target(
        host=name,
        port=number or port_in_host or DEFAULTS.port,
        endpoint_given=bool(host and host.strip()) or number is not None,
        kind=_kind(kind),
        path=_path(path, _kind(kind)) if path and path.strip() else None,
        tls=_tls(ca_file, server_name, client_cert) if tls or ca_file or server_name or client_cert else None,
        expect_protocol=tuple(_protocol(value) for value in expected if not _is_revision(value)),
        expect_mcp=tuple(str(value).strip() for value in expected if _is_revision(value)),
        offers=tuple(_offer(value) for value in offers) or _offered_for(expected),
        headers=tuple(_header(value) for value in headers),
        pins=(
            *(_pin(value) for value in pinned),
            *(_requirements(requirements, read) if requirements else ()),
        ),
        apps=tuple(_app(value) for value in apps),
        app_config=_file("app-config", app_config) if app_config else None,
        project=project,
        server_config=_file("server-config", server_config) if server_config else None,
        lock=known,
        locked=locked,
        ask_versions=known is not None and bool(known.working.uv_version),
        links=links,
        launch=launch,
        allowed_commands=frozenset(allowed_commands),
        ignore=frozenset(_cause(value) for value in ignore),
        deadline_s=(
            (ISOLATED_DEADLINE_S if isolate else DEFAULTS.deadline_s)
            if deadline is None or deadline == ""
            else seconds(deadline, "deadline", _MAX_DEADLINE_S, zero=False)
        ),
        isolate=isolate,
        own_folder=own_folder,
        read=tuple(read),
    )


def read_lock(file: str | Path) -> Lock:
    """The lock in a file. Raises TargetError that says what is wrong with it, and where."""
    path = _file("lock", file)
    try:
        with path.open("rb") as opened:
            return parse(opened.read(MAX_LOCK + 1), path)
    except OSError as error:
        problem = error.strerror or str(error)
    except LockError as error:
        problem = str(error)
    raise TargetError("lock", f"“{one_line(str(path), 200)}”: {problem}")


def _host(text: str) -> tuple[str, int | None]:
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
        return _address(bracketed[1]), None if bracketed[2] is None else _port(bracketed[2])
    if host.count(":") > 1:
        return _address(host), None
    name, colon, port = host.partition(":")
    if not name:
        raise TargetError("host", f"“{one_line(host, 80)}” has no name before the colon; write localhost{host}")
    if len(name) > 253:  # noqa: PLR2004  # RFC 1035, section 2.3.4
        raise TargetError("host", f"“{one_line(name, 40)}” is longer than the 253 characters that a host name may have")
    return name, _port(port) if colon else None


def _requirements(file: str | Path, read: list[Path]) -> tuple[str, ...]:
    """The pins in a file of requirements; each file that was read is put into `read`.

    Options of pip, such as where to get packages, say nothing about versions.
    Raises TargetError that names every line which cannot be used by its number.
    """
    path = _file("requirements", file)
    found, wrong = list[str](), list[str]()
    _collect(path, found, wrong, (path,), read)
    _all_right(wrong, "requirements")
    if not found:
        raise TargetError("requirements", f"“{one_line(str(path), 200)}” names no requirement")
    return tuple(found)


def _collect(path: Path, found: list[str], wrong: list[str], through: tuple[Path, ...], read: list[Path]) -> None:
    """Reads one file of requirements, and those that it leads to."""
    read.append(path)
    where = f"{one_line(path.name, 60)}, " if len(through) > 1 else ""
    for number, line in read_requirement_lines(_text_of(path, "requirements")):
        problem = line.problem
        try:
            if line.requirement:
                found.append(_pin(line.requirement))
            elif line.file:
                other = _file("requirements", path.parent / line.file)
                if other not in through and len(through) < _MAX_DEPTH:
                    _collect(other, found, wrong, (*through, other), read)
        except TargetError as error:
            problem = error.message
        if problem:
            wrong.append(f"{where}line {number}: {problem}")


def _text_of(path: Path, argument: str) -> str:
    """The whole text of a file that the user named."""
    try:
        with path.open("rb") as opened:
            content = opened.read(_MAX_FILE + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise TargetError(argument, f"“{one_line(str(path), 200)}” is no readable text in UTF-8") from None
    if len(content) > _MAX_FILE:
        raise TargetError(argument, f"“{one_line(str(path), 200)}” is larger than {_MAX_FILE >> 20} MiB")
    return text


def _all_right(wrong: list[str], argument: str) -> None:
    """Raises TargetError that shows the first of the wrong lines of a file, where there are any."""
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more lines" if len(wrong) > _SHOWN else ""
        raise TargetError(argument, "; ".join(wrong[:_SHOWN]) + more)


def read_endpoints(texts: Iterable[str], file: str | Path | None = None) -> tuple[str, ...]:
    """The endpoints that are given one by one, and those in a file: one `host[:port]` a line, `#` begins a comment.

    Raises TargetError that names every line of the file which is no endpoint by its number.
    """
    for text in texts:
        _endpoint(text, "endpoint")
    if file is None:
        return tuple(text.strip() for text in texts)
    path = _file("endpoints", file)
    lines = _text_of(path, "endpoints").splitlines()
    found, wrong = [], []
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        try:
            if text:
                _endpoint(text, "endpoints")
                found.append(text)
        except TargetError as error:
            wrong.append(f"line {number}: {error.message}")
    _all_right(wrong, "endpoints")
    if not found and not texts:
        raise TargetError("endpoints", f"“{one_line(str(path), 200)}” names no endpoint")
    return (*(text.strip() for text in texts), *found)


def _endpoint(text: str, argument: str) -> None:
    try:
        if not text.strip():
            raise TargetError("host", "an endpoint is empty; write host or host:port")
        _host(text)
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


def _port(value: str | int) -> int:
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 0 < int(text) <= _MAX_PORT:
        raise TargetError("port", f"“{one_line(text, 40)}” is no port; write a whole number from 1 to {_MAX_PORT}")
    return int(text)


def _kind(value: str | None) -> Kind:
    text = (value or Kind.AUTO).lower()
    if text not in set(Kind):
        raise TargetError("kind", f"“{one_line(text, 40)}” is not supported; choose one of {', '.join(Kind)}")
    return Kind(text)


def _path(value: str, kind: Kind) -> str:
    path, shown = value.strip(), one_line(value.strip().partition("?")[0], 80)
    if kind is Kind.BRIDGE:
        raise TargetError("path", "a Blender add-on's socket has no path; choose the kind mcp-http")
    if "://" in path:
        raise TargetError("path", f"“{shown}” is a URL; write the part that begins with the / after the host")
    if not path.startswith("/") or not (path.isascii() and path.isprintable()) or " " in path or "#" in path:
        raise TargetError("path", f"“{shown}” is no path on a web server; write for example /mcp")
    return path


def _tls(ca_file: str | Path | None, server_name: str | None, client_cert: str | Path | None) -> Tls:
    return Tls(
        _file("ca-file", ca_file) if ca_file else None,
        (server_name or "").strip() or None,
        _file("client-cert", client_cert) if client_cert else None,
    )


def _file(argument: str, value: str | Path) -> Path:
    """A file that can be read now. A pipe or a device is refused: it could keep us waiting."""
    path = Path(value).expanduser()
    shown = one_line(str(path), 200)
    try:
        if not path.exists():
            raise TargetError(argument, f"“{shown}” does not exist")
        if not path.is_file():
            raise TargetError(argument, f"“{shown}” is no file")
        with path.open("rb"):
            pass
    except TargetError:
        raise
    except (OSError, ValueError) as error:
        raise TargetError(argument, f"“{shown}” cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return path


def _is_revision(value: str | int) -> bool:
    """Whether it is shaped like a version of MCP, which is a date."""
    text = str(value).strip()
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        raise TargetError("expect-protocol", f"“{text}” is no date, which versions of MCP are") from None
    return True


def _protocol(value: str | int) -> int:
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise TargetError(
            "expect-protocol",
            f"“{one_line(text, 40)}” is no version; write a whole number for the add-on's, or a date for MCP's, "
            "such as 2025-11-25",
        )
    return int(text)


def _offered_for(expected: Iterable[str | int]) -> tuple[str, ...]:
    """What is offered unless the user says: the usual, and what is expected and is asked for in a way of its own."""
    wanted = {str(value).strip() for value in expected}
    return (*(version for version in mcp_versions.STATELESS if version in wanted), *DEFAULTS.offers)


def _offer(value: str) -> str:
    if value.strip() not in mcp_versions.KNOWN:
        known = ", ".join(mcp_versions.KNOWN)
        raise TargetError("offer", f"“{one_line(value, 40)}” is no known version of MCP; known are {known}")
    return value.strip()


def _header(value: str) -> tuple[str, str]:
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


def _pin(value: str) -> str:
    try:
        requirement = Requirement(value.strip())
    except InvalidRequirement:
        shown = one_line(without_user(value), 80)
        raise TargetError(
            "pin", f"“{shown}” is no requirement; write for example mcp<2 or mcp-for-blender==2.2.4"
        ) from None
    if requirement.url is not None:
        raise TargetError("pin", f"“{requirement.name}” is pinned to an address; write a version, such as ==2.2.4")
    return str(requirement)


def _app(value: str) -> str:
    names = [app.id for app in known_apps()]
    if value not in names:
        raise TargetError("app", f"“{one_line(value, 60)}” is not known; known are {', '.join(names)}")
    return value


def _link(value: str) -> Link:
    if value not in set(Link):
        raise TargetError("only", f"“{one_line(value, 60)}” is no link of the chain; the links are {', '.join(Link)}")
    return Link(value)


def _cause(value: str) -> str:
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
