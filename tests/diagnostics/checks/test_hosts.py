# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that cannot be found, hosts on other networks, and the ways to them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from diagnostics.checks.network import reach
from diagnostics.checks.network.endpoint import Endpoint
from diagnostics.checks.network.hosts import leads_to, ways
from diagnostics.model import Report
from diagnostics.probes.interfaces import Network
from diagnostics.probes.tcp import Address, Attempt, Reached, Resolution
from diagnostics.protocols.ssh_forward import Forward
from tests.lab.processes import until

from ..runs import Doctor, found, said

OTHER = "198.51.100.7"
"""An address for documentation (RFC 5737): nobody's."""
HOME = Network("eth0", "192.168.1.5", 24)
VPN = Network("tun0", "10.8.0.2", 24)


def address(host: str) -> Address:
    return Address(socket.AF_INET, (host, 9876))


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("localhots", "localhost"),
        ("127.0.0.256", "0 to 255"),
        ("192.168.1", "fewer"),
        ("9876", "localhost:9876"),
        ("fe80::1%nowhere0", "no network interface “nowhere0”"),
        ("münchen.invalid", "xn--mnchen-3ya.invalid"),
    ],
)
def test_a_name_that_has_no_address(doctor: Doctor, host: str, words: str) -> None:
    report = doctor.run(host=host, port=9876, only=["network"])
    assert report.root_cause == "network.name-unresolved"
    assert words in said(report.findings[0])
    assert report.did.connected == ()


def test_a_network_that_is_ours_and_one_that_is_not() -> None:
    near, far = ways(address("192.168.1.9"), (HOME,), HOME.address), ways(address("10.1.2.3"), (HOME,), HOME.address)
    assert (near["same_network"], near["other_network"], near["private"]) == ("192.168.1.0/24 (eth0)", False, False)
    assert (far["same_network"], far["other_network"], far["private"]) == (None, True, True)
    assert far["own_networks"] == ("192.168.1.0/24 (eth0)",)


def test_a_vpn_is_named_only_where_there_is_one() -> None:
    through = ways(address("10.1.2.3"), (HOME, VPN), VPN.address)
    beside = ways(address("10.1.2.3"), (HOME, VPN), HOME.address)
    without = ways(address("10.1.2.3"), (HOME,), HOME.address)
    assert (through["vpn"], through["idle_vpn"], through["private"]) == ("tun0", None, False)
    assert (beside["vpn"], beside["idle_vpn"]) == (None, "tun0")
    assert (without["vpn"], without["idle_vpn"]) == (None, None)


def test_no_network_at_all() -> None:
    assert ways(address("10.1.2.3"), (), "")["no_network"] is True


@pytest.mark.parametrize(
    ("forward", "leads"),
    [
        (Forward(9999, "127.0.0.1", 9876, "me@studio"), True),
        (Forward(9999, "localhost", 9876, OTHER), True),
        (Forward(9999, OTHER, 9876, "gateway"), True),
        (Forward(9999, "127.0.0.1", 9877, "me@studio"), False),
        (Forward(9999, "127.0.0.1", 9876, "me@elsewhere"), False),
        (Forward(9999, "10.0.0.1", 9876, "me@studio"), False),
    ],
)
def test_which_tunnel_leads_there(forward: Forward, leads: bool) -> None:
    assert leads_to(forward, Endpoint("studio", 9876, ""), Resolution((address(OTHER),))) is leads


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No packet leaves this machine: what would come back depends on where the test runs."""

    async def connect_all(addresses: list[Address], *_arguments: object, **_options: object) -> tuple[Attempt, ...]:
        return tuple(Attempt(at, Reached.TIMEOUT) for at in addresses)

    monkeypatch.setattr(reach, "connect_all", connect_all)


def ask(doctor: Doctor) -> Report:
    return doctor.run(host=OTHER, port=9876, only=["network"])


@pytest.mark.usefixtures("nobody_answers")
def test_the_command_for_a_tunnel(doctor: Doctor) -> None:
    timeout = found(ask(doctor), "network.timeout")
    assert any(f"127.0.0.1:9876 {OTHER}" in remedy.text for remedy in timeout.remedies)
    assert "forwards" not in timeout.detail


@pytest.mark.usefixtures("nobody_answers")
def test_a_real_tunnel_that_is_there_already(doctor: Doctor) -> None:
    ssh = shutil.which("ssh")
    if ssh is None:
        pytest.skip("there is no ssh")
    # The real ssh, kept at its beginning: it waits for its far end and has not bound the port yet.
    argv = [ssh, "-o", "ProxyCommand=sleep 60", "-N", "-L", "47654:127.0.0.1:9876", f"me@{OTHER}"]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            until(lambda: _runs_ssh(process.pid), "ssh", 10)
            timeout = found(ask(doctor), "network.timeout")
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # what it waits for too
    assert f"process {process.pid}" in timeout.detail
    used = next(remedy for remedy in timeout.remedies if remedy.action == "use-endpoint")
    assert used.exact == "localhost:47654"


def _runs_ssh(pid: int) -> bool:
    return Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() == "ssh"
