# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS handshake with the endpoint, where the settings ask for TLS."""

from __future__ import annotations

import re

from ...check import Context, Outcome
from ...knowledge.catalogue import finding
from ...model import Verdict
from ...probes.tls import Handshake, client_context, shake_hands
from .endpoint import Connection, evidence_at

HANDSHAKE_S = 3.0


async def tls(context: Context) -> Outcome:
    """Does the TLS handshake, where the settings ask for TLS. The certificate is always verified."""
    settings, connection = context.target.tls, context.observed(Connection)
    if settings is None or connection is None:
        return Outcome(Verdict.SKIPPED, "not used")
    if connection.sock is not None:
        connection.sock.close()  # the handshake and the conversation under TLS have connections of their own
    name = settings.server_name or connection.endpoint.host
    try:
        secure = await client_context(settings, context.ledger)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        evidence = {"ca_file": str(settings.ca_file), "error": str(error)}
        failed = finding("network.tls-untrusted", evidence_at(connection.endpoint, context) | evidence)
        return Outcome(Verdict.FAIL, failed.title, (failed,))
    shaken = await shake_hands(connection.address, secure, name, context.ledger, deadline_s=HANDSHAKE_S)
    line = f"{shaken.elapsed_ms:8.1f} ms  TLS as {name}: {shaken.version or shaken.error}"
    if shaken.ok:
        secured = Connection(connection.endpoint, connection.address, context=secure, server_name=name)
        return Outcome(Verdict.PASS, shaken.version, (), (secured,), transcript=(line,))
    evidence = {"server_name": name, "error": shaken.error, "ca_file": str(settings.ca_file or "")}
    failed = finding(_tls_cause(shaken), evidence_at(connection.endpoint, context) | evidence)
    return Outcome(Verdict.FAIL, failed.title, (failed,), transcript=(line,))


def _tls_cause(shaken: Handshake) -> str:
    """A peer that sends an alert does speak TLS; one that is silent, ends the connection or talks plainly does not."""
    causes = {
        9: "network.tls-not-yet-valid",
        10: "network.tls-expired",
        62: "network.tls-name-mismatch",
        64: "network.tls-name-mismatch",  # the host is a numeric address, and it is not in the certificate
    }
    if shaken.verify_code:
        return causes.get(shaken.verify_code, "network.tls-untrusted")
    if "CERTIFICATE" in shaken.error:
        return "network.tls-client-cert"
    alerted = not shaken.plain and re.search("ALERT|VERSION|PROTOCOL|CIPHER|TLSV1", shaken.error)
    return "network.tls-version" if alerted else "network.tls-expected"
