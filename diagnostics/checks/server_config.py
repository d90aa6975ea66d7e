# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's own configuration file against the target: does it listen where, and let in whom, it has to?"""

from __future__ import annotations

import ipaddress
import re

from ..check import Context, Outcome
from ..knowledge.catalogue import finding
from ..model import EvidenceValue, Finding, Verdict
from ..probes.background import in_thread
from ..probes.bridge import BridgeAnswer
from ..probes.files import State, read_file
from ..probes.interfaces import source_address
from ..probes.listeners import is_local
from ..protocols.settings_file import Setting, SettingsError, read
from ..text import one_line
from .network.endpoint import WILDCARDS, Endpoint, Reach, is_loopback
from .network.tunnel import from_there

_NAMES_OF_LOOPBACK = {"localhost", "ip6-localhost"}


async def config(context: Context) -> Outcome:
    """What in the file contradicts the target; its line is named."""
    path = context.target.server_config
    where = context.observed(Endpoint)
    if path is None:
        return Outcome(Verdict.SKIPPED, "no configuration of a server was given")
    if where is None:
        return Outcome(Verdict.SKIPPED, blocked_by="network.connect")
    file = await in_thread(lambda: read_file(path, context.ledger))
    evidence: dict[str, EvidenceValue] = {"file": str(path), "endpoint": str(where), "port": where.port}
    try:
        if file.state is not State.READ:
            raise SettingsError(0, file.reason or "it does not exist any more")
        found = read(file.data.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError:
        return _failed([_unparsable(0, "it is no text in UTF-8", evidence)])
    except SettingsError as error:
        return _failed([_unparsable(error.line, error.problem, evidence)])
    checks = (_bind_address, _port, _protocol, _clients)
    return _failed([wrong for check in checks if (wrong := check(found, where, context, evidence)) is not None])


def _failed(findings: list[Finding]) -> Outcome:
    if not findings:
        return Outcome(Verdict.SKIPPED)  # that its file is in order does not say that the server works
    return Outcome(Verdict.FAIL, findings[0].title, tuple(findings))


def _unparsable(line: int, problem: str, evidence: dict[str, EvidenceValue]) -> Finding:
    return finding("server.config-unparsable", evidence | {"line": line or None, "problem": one_line(problem)})


def _said(setting: Setting) -> dict[str, EvidenceValue]:
    return {"key": setting.key, "line": setting.line or None, "value": one_line(str(setting.value), 120)}


def _bind_address(
    found: dict[str, Setting], where: Endpoint, context: Context, evidence: dict[str, EvidenceValue]
) -> Finding | None:
    setting = found.get("bind_address")
    host = where.host.lower().rstrip(".")
    if setting is None or host in _NAMES_OF_LOOPBACK or is_loopback(host):
        return None
    bound = str(setting.value).strip().strip("[]").lower()
    if bound in WILDCARDS or not (bound in _NAMES_OF_LOOPBACK or is_loopback(bound)):
        return None
    seen: dict[str, EvidenceValue] = {"host": where.host, "_right": setting.written(where.host)}
    seen |= {"_tunnel_command": from_there(where, where.port, context), "_local_endpoint": f"localhost:{where.port}"}
    return finding("server.config-bind-loopback", evidence | _said(setting) | seen)


def _port(
    found: dict[str, Setting], where: Endpoint, _context: Context, evidence: dict[str, EvidenceValue]
) -> Finding | None:
    setting = found.get("port")
    if setting is None or str(setting.value).strip() == str(where.port):
        return None
    return finding(
        "server.config-port-mismatch", evidence | _said(setting) | {"_right": setting.written(str(where.port))}
    )


def _protocol(
    found: dict[str, Setting], _where: Endpoint, context: Context, evidence: dict[str, EvidenceValue]
) -> Finding | None:
    """Against the pins of its kind; without pins a number against what the add-on has told."""
    setting = found.get("protocol_version")
    if setting is None:
        return None
    value = str(setting.value).strip()
    dated = re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None
    expected = tuple(map(str, context.target.expect_mcp if dated else context.target.expect_protocol))
    answer = context.observed(BridgeAnswer)
    told = answer.info.get("protocol_version") if answer is not None and answer.info is not None else None
    if not expected and not dated and isinstance(told, int):
        expected = (str(told),)
    if not expected or value in expected:
        return None
    return finding(
        "server.config-protocol-mismatch",
        evidence | _said(setting) | {"expected": " or ".join(expected), "_right": setting.written(expected[0])},
    )


def _clients(
    found: dict[str, Setting], _where: Endpoint, context: Context, evidence: dict[str, EvidenceValue]
) -> Finding | None:
    """Against the address from which this computer would come; a list with names in it is not judged."""
    setting, reach = found.get("allowed_clients"), context.observed(Reach)
    if setting is None or reach is None or not reach.resolution.addresses:
        return None
    words = setting.value if isinstance(setting.value, list) else re.split(r"[\s,]+", str(setting.value))
    to = reach.resolution.addresses[0]
    own = to.host if is_local(to.host) else source_address(to)
    allowed = [_network(str(word)) for word in words if str(word).strip()]
    if not own or any(network is None for network in allowed):
        return None
    address = ipaddress.ip_address(own.partition("%")[0])
    if any(network is not None and network.version == address.version and address in network for network in allowed):
        return None
    return finding("server.config-client-not-allowed", evidence | _said(setting) | {"own": own})


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    word = {"localhost": "127.0.0.0/8"}.get(text.strip().lower(), text.strip())
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None
