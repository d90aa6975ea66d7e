# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens, who else may use the port, and what an SSH tunnel makes of it."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics.model import Verdict

from ..peers import addon, answers, greets, listening
from ..programs import listening_process, program
from ..runs import Doctor, blender, bridge, closed_port, found, ids, row, said

linux = pytest.mark.skipif(sys.platform != "linux", reason="how Linux names processes and queues connections")

_SHARED = """
import socket, sys
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen()
print(server.getsockname()[1], flush=True)
while True:
    connection = server.accept()[0]
    connection.recv(100)
    connection.close()
"""
_ONE_CLIENT = """
import socket
server = socket.create_server(("127.0.0.1", 0), backlog=1)
print(server.getsockname()[1], flush=True)
connection = server.accept()[0]
while connection.recv(100):
    pass
"""
_HOLDS = """
import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("connected", flush=True)
connection.recv(1)
"""


def test_a_bridge_for_all_computers(doctor: Doctor) -> None:
    with listening(addon(), host="0.0.0.0") as peer:
        report = doctor.reach(peer.port)
    assert ids(report) == ["network.exposed"]
    assert report.verdict is Verdict.WARN
    assert found(report, "network.exposed").evidence["bound_to"] == "0.0.0.0"


def test_a_bridge_for_this_computer_is_not_exposed(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        assert doctor.reach(peer.port).findings == ()


def test_another_server_for_all_computers_is_none_of_ours(doctor: Doctor) -> None:
    with listening(greets(b"SSH-2.0-x\r\n"), host="0.0.0.0") as peer:
        assert "network.exposed" not in ids(doctor.reach(peer.port))


@linux
def test_two_programs_on_one_port(doctor: Doctor) -> None:
    with contextlib.ExitStack() as stack:
        # Each by a shell of its own, as two users' programs have nothing in common.
        argv = ["sh", "-c", '"$@" & cat', "sh", sys.executable, "-c", _SHARED]
        line, _pid = stack.enter_context(_in_group([*argv, "0"]))
        stack.enter_context(_in_group([*argv, line.strip()]))
        report = doctor.reach(int(line), "network")
    told = found(report, "network.double-bind")
    assert len(told.evidence["rivals"]) == 2  # type: ignore[arg-type]
    assert told.verdict is Verdict.WARN


@contextlib.contextmanager
def _in_group(argv: list[str]) -> Iterator[tuple[str, int]]:
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline(), process.pid
    finally:
        os.killpg(process.pid, 9)
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            pipe.close()  # type: ignore[union-attr]


@linux
def test_workers_of_one_server_are_no_rivals(doctor: Doctor) -> None:
    """Siblings with a listener each, as servers with several workers have them."""
    with (
        listening_process([sys.executable, "-c", _SHARED, "0"]) as (line, _pid),
        listening_process([sys.executable, "-c", _SHARED, line.strip()]),
    ):
        report = doctor.reach(int(line), "network")
    assert "network.double-bind" not in ids(report)


@linux
def test_an_addon_for_one_client_that_is_taken(doctor: Doctor) -> None:
    """FAKE add-on in the manner of 0.1: while somebody is connected, it accepts nobody else."""
    with (
        listening_process([sys.executable, "-c", _ONE_CLIENT]) as (line, _pid),
        listening_process([sys.executable, "-c", _HOLDS, line.strip()]) as (_line, holder),
    ):
        report = doctor.reach(int(line))
    assert report.root_cause == "addon.single-client-occupied"
    assert f"process {holder}" in str(found(report, "addon.single-client-occupied").evidence["held_by"])
    assert f"ps -fp {holder}" in said(found(report, "addon.single-client-occupied"))


def test_a_peer_that_wants_tls(doctor: Doctor) -> None:
    with listening(answers(b"\x15\x03\x01\x00\x02\x02\x46")) as peer:
        report = doctor.reach(peer.port)
    assert report.root_cause == "network.tls-unexpected"
    assert found(report, "addon.not-a-bridge").explained_by == "network.tls-unexpected"


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[list[str]]:
    """A real SSH server for this user, on a port of the loopback interface; the words to call its client."""
    server = shutil.which("sshd") or "/usr/sbin/sshd"
    if not Path(server).exists() or shutil.which("ssh") is None:
        pytest.skip("there is no OpenSSH")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True, timeout=20)
    (tmp_path / "allowed").write_text((tmp_path / "user.pub").read_text())
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    port = closed_port()
    options = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": tmp_path / "host",
        "AuthorizedKeysFile": tmp_path / "allowed",
        "StrictModes": "no",
        "PidFile": "none",
        "UsePAM": "no",
        "PermitRootLogin": "yes",
    }
    config = tmp_path / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    client = ["ssh", "-F", "none", "-i", str(tmp_path / "user"), "-p", str(port)]
    client += [
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        f"UserKnownHostsFile={tmp_path / 'known'}",
        "-o",
        "BatchMode=yes",
    ]
    with subprocess.Popen([server, "-D", "-e", "-f", config], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            while "listening" not in (line := process.stderr.readline()):
                assert line, "the SSH server did not start"
            yield [*client, f"{getpass.getuser()}@127.0.0.1"]
        finally:
            process.kill()


@contextlib.contextmanager
def tunnel(client: list[str], far_port: int) -> Iterator[tuple[int, int]]:
    """A real tunnel; its port here and the id of the client's process."""
    port = closed_port()
    forward = ["-N", "-v", "-o", "ExitOnForwardFailure=yes", "-L", f"127.0.0.1:{port}:127.0.0.1:{far_port}"]
    with subprocess.Popen(
        [client[0], *forward, *client[1:]], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stderr is not None
            while "Entering interactive session" not in (line := process.stderr.readline()):
                assert line, "the tunnel was not made"
            yield port, process.pid
        finally:
            process.kill()


@pytest.mark.lab
@linux
def test_a_tunnel_whose_far_end_is_closed(doctor: Doctor, sshd: list[str]) -> None:
    with tunnel(sshd, far := closed_port()) as (port, pid):
        report = doctor.reach(port)
    assert report.root_cause == "network.tunnel-down"
    told = found(report, "network.tunnel-down")
    assert told.evidence["pid"] == pid
    assert f"127.0.0.1:{far} through" in str(told.evidence["far_end"])
    assert f"ssh -N -L {port}:127.0.0.1:{far} " in said(told)
    assert row(report, "addon").verdict is Verdict.SKIPPED


@pytest.mark.lab
@linux
def test_a_tunnel_to_a_bridge(doctor: Doctor, sshd: list[str]) -> None:
    with listening(addon()) as peer, tunnel(sshd, peer.port) as (port, _pid):
        report = doctor.reach(port)
    assert report.findings == ()
    assert row(report, "addon").summary == "MCP for Blender 1.8 · protocol 15"


def test_the_port_is_taken_and_blender_answers_at_another(doctor: Doctor, tmp_path: Path) -> None:
    with program(tmp_path, "spotify") as (port, _pid), listening(addon()) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port))
        report = doctor.reach(port)
    taken = found(report, "network.port-taken")
    assert report.root_cause == "network.port-taken"
    used = next(remedy for remedy in taken.remedies if remedy.action == "use-endpoint")
    assert used.exact == f"127.0.0.1:{peer.port}"
    assert f'"BLENDER_PORT": "{peer.port}"' in said(taken)


def test_the_port_is_taken_and_no_blender_answers(doctor: Doctor, tmp_path: Path) -> None:
    with program(tmp_path, "spotify") as (port, _pid):
        taken = found(doctor.reach(port), "network.port-taken")
    assert [remedy.action for remedy in taken.remedies if remedy.action] == ["end-process"]
