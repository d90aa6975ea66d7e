# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate says (RFC 5280): for whom, by whom, from when until when. Nothing is verified here.

Every text is cleaned: whoever made the certificate may have written into it what he liked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import re
from dataclasses import dataclass

from ..text import one_line
from .der import BOOLEAN, INTEGER, OCTETS, OID, SEQUENCE, SET, DerError, Reader, dotted, moment, text

MAX_NAMES = 100
"""Names of one certificate that are kept."""
_NAME_LIMIT = 300
"""Characters of a name that are kept."""
_ATTRIBUTES = {
    "2.5.4.3": "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
    "1.2.840.113549.1.9.1": "emailAddress",
}
"""The short names of RFC 4514, section 3, and the one that everybody uses beside them."""
_ALTERNATIVE_NAMES, _AUTHORITY_ACCESS, _CA_ISSUERS = "2.5.29.17", "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.48.2"
_EMAIL, _DNS, _URI, _ADDRESS = 0x81, 0x82, 0x86, 0x87
_EXPLICIT_VERSION, _ISSUER_ID, _SUBJECT_ID, _EXTENSIONS = 0xA0, 0x81, 0x82, 0xA3


class CertificateError(ValueError):
    """The bytes are no certificate that can be read; the message says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one certificate says of itself. Names are in the form of RFC 4514, "CN=box,O=Studio"."""

    subject: str
    issuer: str
    issuer_organisation: str
    names: tuple[str, ...]
    """Whom it is for: DNS names, IP addresses, and after them e-mail addresses and URIs (subjectAltName)."""
    hosts: tuple[str, ...]
    """Those of them that are a DNS name or an IP address, wildcards included: only they count for a server."""
    issuer_urls: tuple[str, ...]
    """Where the issuer's own certificate can be fetched, as certificates of public authorities say."""
    not_before: dt.datetime
    not_after: dt.datetime
    self_signed: bool
    """It names itself as its issuer."""
    fingerprint: str
    """SHA-256 over all its bytes, as `openssl x509 -fingerprint -sha256` prints it."""


@dataclass(frozen=True, slots=True)
class _Extensions:
    hosts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()


def read(der: bytes) -> Certificate:
    """The certificate in these bytes. Raises CertificateError and nothing else."""
    try:
        return _certificate(der)
    except DerError as error:
        raise CertificateError(f"the certificate {error}") from None


def read_name(der: bytes) -> str:
    """A name as RFC 4514 writes it, cleaned. Raises CertificateError and nothing else."""
    try:
        return _written(_attributes(Reader(der).enter(SEQUENCE)))
    except DerError as error:
        raise CertificateError(f"the name {error}") from None


def _certificate(der: bytes) -> Certificate:
    body = Reader(der).enter(SEQUENCE).enter(SEQUENCE)
    body.skip(_EXPLICIT_VERSION)
    body.take(INTEGER)  # serial number
    body.take(SEQUENCE)  # algorithm
    issuer = body.take_whole(SEQUENCE)
    validity = body.enter(SEQUENCE)
    (not_before, not_after) = (moment(validity.tag or 0, validity.take()) for _ in range(2))
    subject = body.take_whole(SEQUENCE)
    body.take(SEQUENCE)  # public key
    body.skip(_ISSUER_ID)
    body.skip(_SUBJECT_ID)
    said = _extensions(body.enter(_EXTENSIONS)) if body.tag == _EXTENSIONS else _Extensions()
    issued_by = _attributes(Reader(issuer).enter(SEQUENCE))
    organisation = next((value for row in issued_by for kind, value in row if kind == "O"), "")
    digest = hashlib.sha256(der).hexdigest().upper()
    return Certificate(
        subject=_written(_attributes(Reader(subject).enter(SEQUENCE))),
        issuer=_written(issued_by),
        issuer_organisation=one_line(organisation, _NAME_LIMIT),
        names=(said.hosts + said.others)[:MAX_NAMES],
        hosts=said.hosts[:MAX_NAMES],
        issuer_urls=said.issuer_urls,
        not_before=not_before,
        not_after=not_after,
        self_signed=subject == issuer,
        fingerprint=":".join(digest[at : at + 2] for at in range(0, len(digest), 2)),
    )


def _attributes(name: Reader) -> list[list[tuple[str, str]]]:
    """The parts of a name in the order of the certificate, each with its attributes (type, value)."""
    parts = []
    while name.tag is not None:
        part = []
        attributes = name.enter(SET)
        while attributes.tag is not None:
            attribute = attributes.enter(SEQUENCE)
            kind = dotted(attribute.take(OID))
            part.append((_ATTRIBUTES.get(kind, kind), text(attribute.tag or 0, attribute.take())))
        parts.append(part)
    return parts


def _written(name: list[list[tuple[str, str]]]) -> str:
    """RFC 4514, section 2: the last part first."""
    parts = ("+".join(f"{kind}={_escaped(value)}" for kind, value in part) for part in reversed(name))
    return one_line(",".join(parts), _NAME_LIMIT)


def _escaped(value: str) -> str:
    """RFC 4514, section 2.4."""
    value = re.sub(r'([,+"\\<>;])', r"\\\1", value[:_NAME_LIMIT])
    value = re.sub(r"^([ #])", r"\\\1", value)
    return re.sub(r"(?<!\\) $", r"\\ ", value)


def _extensions(wrapped: Reader) -> _Extensions:
    said = _Extensions()
    extensions = wrapped.enter(SEQUENCE)
    while extensions.tag is not None:
        extension = extensions.enter(SEQUENCE)
        kind = dotted(extension.take(OID))
        extension.skip(BOOLEAN)
        value = Reader(extension.take(OCTETS))
        if kind == _ALTERNATIVE_NAMES:
            said = _Extensions(*_alternative_names(value.enter(SEQUENCE)), said.issuer_urls)
        elif kind == _AUTHORITY_ACCESS:
            said = _Extensions(said.hosts, said.others, _issuer_urls(value.enter(SEQUENCE)))
    return said


def _alternative_names(names: Reader) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The hosts, and the other names. Kinds that no server is known by (such as directory names) are left out."""
    hosts, others = [], []
    for tag, contents in names.elements():
        if tag == _DNS:
            hosts.append(_plain(contents))
        elif tag == _ADDRESS:
            try:
                hosts.append(str(ipaddress.ip_address(contents)))
            except ValueError:
                raise DerError("holds an address that is none") from None
        elif tag in {_EMAIL, _URI}:
            others.append(_plain(contents))
    return tuple(hosts), tuple(others)


def _issuer_urls(descriptions: Reader) -> tuple[str, ...]:
    urls = []
    while descriptions.tag is not None:
        description = descriptions.enter(SEQUENCE)
        method = dotted(description.take(OID))
        if method == _CA_ISSUERS and description.tag == _URI:
            urls.append(_plain(description.take()))
    return tuple(urls[:3])


def _plain(contents: bytes) -> str:
    return one_line(contents.decode("ascii", "backslashreplace"), _NAME_LIMIT)
