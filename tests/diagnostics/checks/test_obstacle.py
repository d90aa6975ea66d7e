# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody took the connection: the address, the queue, the port or the computer itself is the reason."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from diagnostics.checks.network import reach

from ..peers import addon, listening, silent
from ..runs import Doctor, closed_port, found, ids

ROOT = Path(__file__).parents[3]
linux = pytest.mark.skipif(sys.platform != "linux", reason="how Linux names processes and queues connections")


def in_shell(prefix: list[str], *arguments: str) -> dict[str, Any]:
    """The report of the doctor in a process of its own, started by `prefix`."""
    if shutil.which(prefix[0]) is None:
        pytest.skip(f"there is no {prefix[0]}")
    argv = [*prefix, sys.executable, "-m", "diagnostics", "--only", "network", "--format", "json", *arguments]
    ended = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    if "Operation not permitted" in ended.stderr:
        pytest.skip(f"this user may not: {ended.stderr.strip()}")
    return dict(json.loads(ended.stdout))


@pytest.mark.parametrize(("listens", "asked"), [("127.0.0.1", "::1"), ("::1", "127.0.0.1")])
def test_the_other_family(doctor: Doctor, listens: str, asked: str) -> None:
    try:
        with listening(addon(), host=listens) as peer:
            report = doctor.run(host=asked, port=peer.port, only=["network"])
    except OSError as error:
        pytest.skip(f"no IPv6 loopback address: {error}")
    assert report.root_cause == "network.wrong-family"
    told = found(report, "network.wrong-family")
    assert told.remedies[0].text == listens
    assert listens in str(told.evidence["works"])


def test_no_bridge_in_the_other_family_is_no_reason(doctor: Doctor) -> None:
    with listening(silent) as peer:
        report = doctor.run(host="::1", port=peer.port, only=["network"])
    assert "network.wrong-family" not in ids(report)


_ADDRESS = """
ip link set lo up && ip address add 192.0.2.7/24 dev lo || exit 1
"$1" -m http.server 9876 --bind "$2" >/dev/null 2>&1 &
until "$1" -c 'import socket, sys; socket.create_connection((sys.argv[1], 9876))' "$2" 2>/dev/null; do :; done
shift 2
"$@"
status=$?
kill $!
exit $status
"""
"""A network namespace with an address in a network, and a server in it that is bound to one address."""


@linux
@pytest.mark.parametrize(
    ("bound", "port", "cause"),
    [("127.0.0.1", 9876, "network.loopback-only"), ("127.0.0.1", 9877, "network.refused")],
)
def test_the_address_in_the_network_and_a_listener_on_loopback(bound: str, port: int, cause: str) -> None:
    prefix = ["unshare", "--net", "sh", "-c", _ADDRESS, "sh", sys.executable, bound]
    report = in_shell(prefix, "--host", "192.0.2.7", "--port", str(port))
    assert report["root_cause"] == cause
    if cause == "network.loopback-only":
        remedies = [remedy["text"] for remedy in report["findings"][0]["remedies"]]
        user = os.environ.get("USER") or os.environ.get("USERNAME") or Path.home().name
        assert remedies == ["127.0.0.1", f"ssh -N -L 9876:127.0.0.1:9876 {user}@192.0.2.7"]


@linux
def test_the_queue_is_full(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        report = doctor.reach(server.getsockname()[1], "network")
        for client in waiting:
            client.close()
    assert report.root_cause == "network.accept-stalled"
    assert found(report, "network.accept-stalled").evidence["waiting"] == 1


@linux
def test_connected_and_never_accepted(doctor: Doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        report = doctor.reach(server.getsockname()[1])
    assert report.root_cause == "network.accept-stalled"
    assert found(report, "addon.silent").explained_by == "network.accept-stalled"


@linux
def test_a_silent_peer_that_accepts_is_not_stalled(doctor: Doctor) -> None:
    with listening(silent) as peer:
        assert ids(doctor.reach(peer.port)) == ["addon.silent"]


@linux
def test_a_port_that_this_user_may_not_use() -> None:
    """Without the right to low ports (CAP_NET_BIND_SERVICE), as every user but root is."""
    prefix = ["setpriv", "--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service"]
    report = in_shell(prefix, "--host", "127.0.0.1", "--port", "79")
    assert report["root_cause"] == "network.port-reserved"
    assert report["findings"][0]["evidence"]["bind_error"] == "EACCES"


def test_a_port_that_is_free_is_not_reserved(doctor: Doctor) -> None:
    assert ids(doctor.reach(closed_port(), "network")) == ["network.refused"]


@linux
def test_a_computer_that_cannot_connect_to_itself() -> None:
    """A new network namespace, whose loopback interface is down."""
    report = in_shell(["unshare", "--net"], "--host", "127.0.0.1", "--port", "9876")
    assert report["root_cause"] == "network.loopback-broken"
    assert report["findings"][0]["evidence"]["own_listener"]
