# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a peer's certificate, by real certificates over real connections."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from diagnostics.model import Report, Verdict
from tests.lab.nginx import serving

from ..peers import Handler, addon, listening
from ..runs import Doctor, closed_port, found, ids, said

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    ca = trustme.CA(organization_name="Studio Ltd")
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    ca.cert_pem.write_to_path(file)
    return ca, file


def secured(cert: trustme.LeafCert, clients: trustme.CA | None = None) -> Handler:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(context)
    if clients is not None:
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED

    def handler(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            addon()(wrapped)

    return handler


def ask(doctor: Doctor, handler: Handler, **tls: object) -> Report:
    with listening(handler) as peer:
        return doctor.reach(peer.port, "network", "addon", **{"tls": True, **tls})


def test_who_issued_it_for_whom_and_until_when(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, _file = authority
    told = found(ask(doctor, secured(ca.issue_cert("127.0.0.1", "bridge.example"))), "network.tls-untrusted")
    assert {"127.0.0.1", "bridge.example"} <= {name.partition(":")[2] or name for name in told.evidence["names"]}  # type: ignore[union-attr]
    assert "Studio Ltd" in str(told.evidence["issuer"])
    assert re.fullmatch(r"[0-9A-F:]{95}", str(told.evidence["fingerprint"]))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", str(told.evidence["not_after"]))
    assert len(told.evidence["chain"]) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(("days", "warned"), [(13, True), (15, False)])
def test_a_certificate_that_expires_soon(
    doctor: Doctor, authority: tuple[trustme.CA, Path], days: int, warned: bool
) -> None:
    ca, file = authority
    until = NOW + dt.timedelta(days=days, hours=1)
    cert = ca.issue_cert("127.0.0.1", not_before=NOW - dt.timedelta(days=1), not_after=until)
    report = ask(doctor, secured(cert), ca_file=file)
    assert ids(report) == (["network.tls-expiring"] if warned else [])
    assert report.verdict is (Verdict.WARN if warned else Verdict.PASS)
    if warned:
        assert found(report, "network.tls-expiring").evidence["days_left"] == days


def test_the_only_name_is_proposed(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    report = ask(doctor, secured(ca.issue_cert("bridge.example")), ca_file=file)
    assert report.root_cause == "network.tls-name-mismatch"
    assert "--server-name bridge.example" in said(report.findings[0])
    report = ask(doctor, secured(ca.issue_cert("*.example")), ca_file=file)
    assert "--server-name *" not in said(found(report, "network.tls-name-mismatch"))


def test_a_chain_with_an_authority_between(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    assert ask(doctor, secured(ca.create_child_ca().issue_cert("127.0.0.1")), ca_file=file).verdict is Verdict.PASS


@pytest.fixture
def client(tmp_path: Path, authority: tuple[trustme.CA, Path]) -> Path:
    file = tmp_path / "client.pem"
    authority[0].issue_cert("artist@studio.example").private_key_and_cert_chain_pem.write_to_path(file)
    return file


def test_a_client_certificate_is_shown(doctor: Doctor, authority: tuple[trustme.CA, Path], client: Path) -> None:
    ca, file = authority
    handler = secured(ca.issue_cert("127.0.0.1"), clients=ca)
    assert ask(doctor, handler, ca_file=file, client_cert=client).verdict is Verdict.PASS


def test_a_client_certificate_is_missing(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    report = ask(doctor, secured(ca.issue_cert("127.0.0.1"), clients=ca), ca_file=file)
    assert report.root_cause == "network.tls-client-cert"
    assert "--client-cert" in said(report.findings[0])


def test_a_client_certificate_of_another_authority(
    doctor: Doctor, authority: tuple[trustme.CA, Path], client: Path
) -> None:
    ca, file = authority
    handler = secured(ca.issue_cert("127.0.0.1"), clients=trustme.CA())
    report = ask(doctor, handler, ca_file=file, client_cert=client)
    assert report.root_cause == "network.tls-client-cert"
    assert "did not accept" in said(report.findings[0])


def test_a_client_certificate_without_its_key(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    report = ask(doctor, secured(ca.issue_cert("127.0.0.1")), ca_file=file, client_cert=file)
    assert report.root_cause == "network.tls-client-cert"
    assert "private key is missing" in said(report.findings[0])


def test_a_locked_key_asks_nobody(doctor: Doctor, authority: tuple[trustme.CA, Path], tmp_path: Path) -> None:
    ca, file = authority
    plain, locked = tmp_path / "key.pem", tmp_path / "locked.pem"
    cert = ca.issue_cert("artist@studio.example")
    cert.private_key_pem.write_to_path(plain)
    argv = ["openssl", "pkey", "-in", str(plain), "-aes256", "-passout", "pass:secret", "-out", str(locked)]
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl")
    subprocess.run(argv, check=True, timeout=20)
    cert.cert_chain_pems[0].write_to_path(locked, append=True)
    report = ask(doctor, secured(ca.issue_cert("127.0.0.1")), ca_file=file, client_cert=locked)
    assert report.root_cause == "network.tls-client-cert"
    assert "password" in said(report.findings[0])


def test_a_real_tls_peer_that_is_spoken_to_in_the_clear(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, _file = authority
    report = ask(doctor, secured(ca.issue_cert("127.0.0.1")), tls=False)
    assert report.root_cause == "network.tls-unexpected"
    assert "Studio Ltd" in str(report.findings[0].evidence["issuer"])


@pytest.fixture
def nginx(tmp_path: Path, authority: tuple[trustme.CA, Path]) -> Iterator[int]:
    """A real nginx with TLS, for this user, on a port of the loopback interface."""
    pem = tmp_path / "server.pem"
    authority[0].issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    with serving(tmp_path, closed_port(), f"ssl_certificate {pem}; ssl_certificate_key {pem};", tls="ssl") as port:
        yield port


@pytest.mark.lab
def test_a_real_nginx_that_wants_tls(doctor: Doctor, nginx: int) -> None:
    report = doctor.reach(nginx)
    assert report.root_cause == "network.tls-unexpected"
    assert found(report, "addon.not-a-bridge").explained_by == "network.tls-unexpected"


@pytest.mark.lab
def test_a_real_nginx_with_tls_has_a_fine_certificate(
    doctor: Doctor, nginx: int, authority: tuple[trustme.CA, Path]
) -> None:
    report = doctor.reach(nginx, tls=True, ca_file=authority[1])
    assert not [cause for cause in ids(report) if "tls" in cause]
    assert ids(report) == ["network.http-wrong-path"]
