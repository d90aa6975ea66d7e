# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS before the add-on: what a handshake with a real peer says, and that nothing is asked without it."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import warnings
from pathlib import Path

import pytest
import trustme

from diagnostics.checks.network import secure
from diagnostics.model import Report, Verdict

from ..peers import Handler, addon, closes, greets, listening, silent
from ..runs import Doctor, found, row


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    ca.cert_pem.write_to_path(file)
    return ca, file


def secured(context: ssl.SSLContext) -> Handler:
    """An add-on behind TLS, as a proxy would bring it there."""

    def handler(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            addon()(wrapped)

    return handler


def server(ca: trustme.CA, name: str = "127.0.0.1", **issue: dt.datetime) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name, **issue).configure_cert(context)
    return context


def ask(doctor: Doctor, handler: Handler, **tls: object) -> Report:
    with listening(handler) as peer:
        return doctor.reach(peer.port, "network", "addon", tls=True, **tls)


def test_a_trusted_peer_is_asked_through_tls(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    report = ask(doctor, secured(server(ca)), ca_file=file)
    assert report.verdict is Verdict.PASS
    assert report.tls
    assert row(report, "addon").summary == "MCP for Blender 1.8 · protocol 15"
    assert str(file) in report.did.read


def test_another_name_may_be_expected(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    report = ask(doctor, secured(server(ca, "bridge.example")), ca_file=file, server_name="bridge.example")
    assert report.verdict is Verdict.PASS


def test_untrusted(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    report = ask(doctor, secured(server(authority[0])))
    assert report.root_cause == "network.tls-untrusted"
    assert row(report, "addon").verdict is Verdict.SKIPPED


def test_wrong_name(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    report = ask(doctor, secured(server(ca, "bridge.example")), ca_file=file)
    assert report.root_cause == "network.tls-name-mismatch"
    assert "127.0.0.1" in found(report, "network.tls-name-mismatch").title


def test_expired(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    past = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
    report = ask(doctor, secured(server(ca, not_before=past, not_after=past + dt.timedelta(1))), ca_file=file)
    assert report.root_cause == "network.tls-expired"


def test_not_yet_valid(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    future = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
    report = ask(doctor, secured(server(ca, not_before=future, not_after=future + dt.timedelta(1))), ca_file=file)
    assert report.root_cause == "network.tls-not-yet-valid"


def test_only_a_version_that_is_too_old(doctor: Doctor, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    context = server(ca)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    assert ask(doctor, secured(context), ca_file=file).root_cause == "network.tls-version"


@pytest.mark.parametrize("handler", [addon(), silent, closes, greets(b"SSH-2.0-OpenSSH_9.9\r\n")])
def test_a_peer_without_tls(doctor: Doctor, handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secure, "HANDSHAKE_S", 0.5)
    report = ask(doctor, handler)
    assert report.root_cause == "network.tls-expected"
    assert row(report, "addon").verdict is Verdict.SKIPPED


def test_a_ca_file_without_certificates(doctor: Doctor, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing of use")
    report = ask(doctor, silent, ca_file=file)
    assert report.root_cause == "network.tls-untrusted"
    assert found(report, "network.tls-untrusted").evidence["ca_file"] == str(file)
