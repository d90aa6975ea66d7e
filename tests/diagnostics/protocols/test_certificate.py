# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as bytes: what the reader finds in those that another library made, and that no bytes harm it."""

from __future__ import annotations

import datetime as dt
import hashlib
import ssl

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.certificate import CertificateError, read, read_name
from diagnostics.protocols.tls_messages import Speaks, acceptable_authorities, opening

UNTIL = dt.datetime(2031, 2, 3, 4, 5, 6, tzinfo=dt.UTC)


def der(*names: str) -> bytes:
    cert = trustme.CA(organization_name="Studio").issue_cert(*names, organization_name="Büro", not_after=UNTIL)
    return ssl.PEM_cert_to_DER_cert(cert.cert_chain_pems[0].bytes().decode())


GOOD = der("bridge.example", "192.0.2.1", "::1", "*.example")


def test_what_stands_in_it() -> None:
    found = read(GOOD)
    assert found.hosts == ("bridge.example", "192.0.2.1", "::1", "*.example")
    assert found.issuer_organisation == "Studio"
    assert "O=Büro" in found.subject
    assert found.not_after == UNTIL
    assert not found.self_signed
    assert found.fingerprint.replace(":", "").lower() == hashlib.sha256(GOOD).hexdigest()


def test_an_authority_is_its_own_issuer() -> None:
    root = read(ssl.PEM_cert_to_DER_cert(trustme.CA().cert_pem.bytes().decode()))
    assert root.self_signed
    assert root.subject == root.issuer


@given(st.binary(max_size=200))
def test_no_bytes_harm(data: bytes) -> None:
    for reader in (read, read_name):
        with pytest.raises(CertificateError):
            reader(b"\x00" + data)
    acceptable_authorities(data, tls_1_3=True)
    acceptable_authorities(data, tls_1_3=False)
    assert opening(data).speaks in set(Speaks)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(at: int, byte: int) -> None:
    changed = GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]
    try:
        found = read(changed)
    except CertificateError:
        return
    assert found.fingerprint.replace(":", "").lower() == hashlib.sha256(changed).hexdigest()


@given(st.integers(0, len(GOOD) - 1))
def test_half_a_certificate_is_refused(cut: int) -> None:
    with pytest.raises(CertificateError):
        read(GOOD[:cut])


@pytest.mark.parametrize(
    ("data", "speaks"),
    [(b"", Speaks.NOTHING), (b"SSH-2.0", Speaks.PLAIN), (b"\x15\x03\x01\x00\x02\x02\x46", Speaks.TLS)],
)
def test_how_a_peer_opens(data: bytes, speaks: Speaks) -> None:
    assert opening(data).speaks is speaks
