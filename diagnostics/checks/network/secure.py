# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS handshake with the endpoint: where the settings ask for TLS, and where the peer does."""

from __future__ import annotations

import datetime as dt
import re
import ssl
from pathlib import Path

from ...check import Context, Outcome
from ...knowledge.catalogue import finding
from ...model import EvidenceValue, Finding, Tls, Verdict
from ...probes.bridge import BridgeAnswer, Ended
from ...probes.tls import Handshake, Shaken, handshake_name, shake_hands
from ...probes.tls_context import Flaw, Unusable, client_context, offered
from ...protocols.foreign import foreign
from ...protocols.shell_words import join, quoted
from ...protocols.tls_messages import Speaks
from ...text import one_line, shown_bytes
from .certificates import (
    evidence_of,
    evidence_of_date,
    evidence_of_distrust,
    expired,
    expiring,
    not_yet_valid,
    only_name,
)
from .endpoint import Connection, evidence_at

HANDSHAKE_S = 3.0
_CAUSES = {
    9: "network.tls-not-yet-valid",
    10: "network.tls-expired",
    62: "network.tls-name-mismatch",
    64: "network.tls-name-mismatch",  # the host is a numeric address, and it is not in the certificate
}
"""OpenSSL's number for what it did not like → cause; every other one is about trust."""


async def tls(context: Context) -> Outcome:
    """Does the TLS handshake, where the settings ask for TLS. The certificate is always verified.

    Observed are the `Handshake`, and, when it succeeded, the `Connection` with what is needed to make another one.
    """
    settings, connection = context.target.tls, context.observed(Connection)
    if settings is None or connection is None:
        return Outcome(Verdict.SKIPPED, "not used")
    if connection.sock is not None:
        connection.sock.close()  # the handshake and the conversation under TLS have connections of their own
    name = handshake_name(connection.endpoint.host, settings.server_name)
    secure = await context.once(lambda: client_context(settings, context.ledger), key=(client_context, settings))
    if isinstance(secure, Unusable):
        failed = _unusable(secure, settings, evidence_at(connection.endpoint, context), context.machine.platform)
        return Outcome(Verdict.FAIL, failed.title, (failed,))
    shaken = await shake_hands(connection.address, secure, name, context.ledger, deadline_s=HANDSHAKE_S)
    transcript = _transcript(shaken, name)
    if not _is_secured(shaken, settings):
        findings = _failures(shaken, connection, name, secure, context)
        return Outcome(Verdict.FAIL, findings[0].title, findings, (shaken,), transcript=transcript)
    secured = Connection(connection.endpoint, connection.address, context=secure, server_name=name)
    now = dt.datetime.now(dt.UTC)
    if (soon := expiring(shaken.chain, now)) is not None:
        evidence = evidence_at(connection.endpoint, context) | evidence_of(shaken.chain) | evidence_of_date(soon, now)
        warning = finding("network.tls-expiring", evidence)
        return Outcome(Verdict.WARN, shaken.version, (warning,), (shaken, secured), transcript=transcript)
    return Outcome(Verdict.PASS, shaken.version, (), (shaken, secured), transcript=transcript)


async def tls_unexpected(context: Context, connection: Connection, heard: str, *, closed: bool) -> Finding | None:
    """The finding that the peer wants TLS where the settings ask for none; None where it does not.

    Spoken to in the clear, some TLS servers send an alert, some answer 400 in HTTP, and some just end the connection.
    The last two may be others as well, so they are asked with a handshake. Nothing else is: a bridge could choke on it.
    `heard` are the first bytes of what it said, as they are shown; `closed` says that it ended the connection instead.
    """
    if context.target.tls is not None:
        return None
    alerted = re.match(r"\\x1[56]\\x03\\x0[0-4]", heard) is not None
    refused = re.match(r"HTTP/1\.[01] 400 ", heard) is not None
    if not (alerted or refused or closed):
        return None
    evidence = evidence_at(connection.endpoint, context) | {"answer": heard}
    settings = Tls()
    secure = await context.once(lambda: client_context(settings, context.ledger), key=(client_context, settings))
    if isinstance(secure, Unusable):
        return finding("network.tls-unexpected", evidence) if alerted else None
    name = handshake_name(connection.endpoint.host)
    shaken = await shake_hands(connection.address, secure, name, context.ledger, deadline_s=HANDSHAKE_S)
    if not alerted and shaken.speaks is not Speaks.TLS:
        return None
    return finding("network.tls-unexpected", evidence | evidence_of(shaken.chain))


def certificate_refused(context: Context, connection: Connection, answer: BridgeAnswer) -> Finding | None:
    """The finding that the peer ended the conversation for want of a client certificate that it accepts.

    With TLS 1.3 it may do so as late as that. None where nothing says that this was the reason.
    """
    shaken, settings = context.observed(Handshake), context.target.tls
    if settings is None or answer.ended is not Ended.CLOSED:
        return None
    asked_in_vain = shaken is not None and shaken.certificate_wanted and settings.client_cert is None
    if not asked_in_vain and not re.search("ALERT.*(?:CERTIFICATE|UNKNOWN_CA)", answer.error):
        return None
    evidence = evidence_at(connection.endpoint, context) | {"error": answer.error or "it ended the connection"}
    return finding("network.tls-client-cert", evidence | _evidence_of_request(settings, shaken))


def _is_secured(shaken: Handshake, settings: Tls) -> bool:
    """A peer that wanted a certificate, got one and went away without a word has not said that it is the wrong one."""
    gone = shaken.shaken is Shaken.CLOSED and bool(shaken.version) and settings.client_cert is not None
    return shaken.shaken is Shaken.SECURED or gone


def _failures(
    shaken: Handshake, connection: Connection, name: str, secure: ssl.SSLContext, context: Context
) -> tuple[Finding, ...]:
    """Why there is no secure connection, the reason first; after it what else is wrong with the certificate's dates."""
    settings = context.target.tls or Tls()
    cause, now = _cause(shaken), dt.datetime.now(dt.UTC)
    evidence = evidence_at(connection.endpoint, context) | {
        "server_name": one_line(settings.server_name or name, 253),
        "ca_file": str(settings.ca_file or ""),
        "error": shaken.error,
    }
    evidence |= evidence_of(shaken.chain)
    dated = {
        "network.tls-expired": expired(shaken.chain, now),
        "network.tls-not-yet-valid": not_yet_valid(shaken.chain, now),
    }
    match cause:
        case "network.tls-untrusted":
            windows = context.machine.platform == "win32"
            more = evidence_of_distrust(shaken, connection.endpoint, name, secure, windows=windows)
        case "network.tls-name-mismatch":
            more = {"_only_name": only_name(shaken.chain[0]) if shaken.chain else None}
        case "network.tls-version":
            more = {"offered": offered(secure), "old_version": shaken.old_version}
        case "network.tls-client-cert":
            more = _evidence_of_request(settings, shaken)
        case "network.tls-expected":
            more = _evidence_of_plain(shaken)
        case _:
            one = dated.pop(cause)
            more = evidence_of_date(one, now) if one else {}
    also = [
        finding(other, evidence | evidence_of_date(one, now))
        for other, one in dated.items()
        if one is not None and shaken.shaken is Shaken.DISTRUSTED
    ]
    return finding(cause, evidence | more), *also


def _cause(shaken: Handshake) -> str:
    """A peer that was heard to speak TLS does; one that is silent, ends the connection or talks plainly does not."""
    if shaken.shaken is Shaken.DISTRUSTED:
        return _CAUSES.get(shaken.verify_code, "network.tls-untrusted")
    if shaken.speaks is not Speaks.TLS:
        return "network.tls-expected"
    if "UNRECOGNIZED_NAME" in shaken.error:
        return "network.tls-name-mismatch"
    # Version and ciphers are agreed when it asks for a certificate: what it refuses after that is the certificate.
    asked = shaken.certificate_wanted and shaken.shaken is not Shaken.SILENT
    if asked or re.search("ALERT.*(?:CERTIFICATE|UNKNOWN_CA)", shaken.error):
        return "network.tls-client-cert"
    return "network.tls-version"


def _evidence_of_request(settings: Tls, shaken: Handshake | None) -> dict[str, EvidenceValue]:
    return {
        "client_cert": str(settings.client_cert or ""),
        "_refused": settings.client_cert is not None,
        "_wanted": settings.client_cert is None,
        "authorities": shaken.authorities if shaken else (),
    }


def _evidence_of_plain(shaken: Handshake) -> dict[str, EvidenceValue]:
    """What a peer said instead of TLS."""
    return {"answer": shown_bytes(shaken.received), "what": foreign(shaken.received)}


def _unusable(file: Unusable, settings: Tls, evidence: dict[str, EvidenceValue], platform: str) -> Finding:
    """The settings name a file that cannot be used; nobody was asked."""
    flaw: dict[str, EvidenceValue] = {
        "error": file.error,
        "_der": file.flaw is Flaw.DER,
        "_binary": file.flaw is Flaw.BINARY,
        "_no_certificate": file.flaw is Flaw.NO_CERTIFICATE,
        "_no_key": file.flaw is Flaw.NO_KEY,
        "_encrypted": file.flaw is Flaw.ENCRYPTED,
        "_other_flaw": file.flaw is Flaw.OTHER,
    }
    if settings.client_cert is not None and file.file == settings.client_cert:
        seen: dict[str, EvidenceValue] = {"client_cert": str(file.file), "_unusable": True}
        return finding("network.tls-client-cert", evidence | flaw | seen | _decrypted(file.file, platform))
    seen = {"ca_file": str(file.file), "_unusable": True, "_convert": _converted(file.file, platform)}
    return finding("network.tls-untrusted", evidence | flaw | seen)


def _converted(file: Path, platform: str) -> str:
    """The command that writes a binary certificate as text, beside the file."""
    made = file.with_name(f"{file.stem}-text.pem")
    return join(["openssl", "x509", "-inform", "der", "-in", str(file), "-out", str(made)], platform)


def _decrypted(file: Path, platform: str) -> dict[str, EvidenceValue]:
    """The command that writes key and certificate without a password beside the file. OpenSSL keeps others out of it.

    It asks for the password itself.
    """
    made = file.with_name(f"{file.stem}-open.pem")
    key, certificate = ["openssl", "pkey", "-in", str(file), "-out", str(made)], ["openssl", "x509", "-in", str(file)]
    if platform == "win32":
        # PowerShell would write what it redirects in another encoding.
        key[3::2] = [f'"{file}"', f'"{made}"']
        line = f'{" ".join(key)} && openssl x509 -in "{file}" >> "{made}"'
        return {"_decrypt": f"cmd /c {quoted(line, platform)}", "_opened": str(made)}
    line = f"{join(key, platform)} && {join(certificate, platform)} >> {quoted(str(made), platform)}"
    return {"_decrypt": line, "_opened": str(made)}


def _transcript(shaken: Handshake, name: str) -> tuple[str, ...]:
    lines = [f"{shaken.elapsed_ms:8.1f} ms  TLS as {name}: {shaken.error or shaken.version}"]
    lines += [
        f"             certificate {one.subject}, {', '.join(one.names[:5])}, {one.not_before:%Y-%m-%d} to"
        f" {one.not_after:%Y-%m-%d}, issued by {one.issuer}"
        for one in shaken.chain
    ]
    if shaken.certificate_wanted:
        lines.append("             asks for a client certificate")
    return tuple(lines)
