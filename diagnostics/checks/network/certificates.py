# SPDX-License-Identifier: GPL-3.0-or-later
"""What a peer's certificates are evidence of: who issued them, whom they are for, and until when."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import ssl
from collections.abc import Sequence

from ...model import EvidenceValue
from ...probes.tls import Handshake
from ...protocols.certificate import Certificate
from ...protocols.shell_words import quoted
from ...text import one_line
from .endpoint import Endpoint

EXPIRES_SOON = dt.timedelta(days=14)
_SELF_SIGNED, _SELF_SIGNED_IN_CHAIN, _ISSUER_UNKNOWN = 18, 19, {2, 20, 21, 27}
"""OpenSSL's numbers for why a chain is not trusted (openssl-verification-options, "Diagnostics")."""


def evidence_of(chain: Sequence[Certificate]) -> dict[str, EvidenceValue]:
    """Of the peer's own certificate all that matters, and of those above it one line each; {} where none was seen."""
    if not chain:
        return {}
    own = chain[0]
    return {
        "subject": _called(own),
        "names": own.names,
        "issuer": own.issuer,
        "not_before": shown(own.not_before),
        "not_after": shown(own.not_after),
        "fingerprint": own.fingerprint,
        "chain": tuple(f"{_called(one)}, issued by {one.issuer}, until {shown(one.not_after)}" for one in chain),
    }


def evidence_of_date(one: Certificate, now: dt.datetime) -> dict[str, EvidenceValue]:
    """The certificate of a chain whose dates are wrong, and this computer's clock."""
    return {
        "certificate": _called(one),
        "from": shown(one.not_before),
        "until": shown(one.not_after),
        "days_left": (one.not_after - now).days,
        "now": shown(now),
    }


def shown(moment: dt.datetime) -> str:
    """A moment as people and programs read it, to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def expired(chain: Sequence[Certificate], now: dt.datetime) -> Certificate | None:
    """The first one of the chain whose time is over."""
    return next((one for one in chain if one.not_after < now), None)


def not_yet_valid(chain: Sequence[Certificate], now: dt.datetime) -> Certificate | None:
    """The first one of the chain whose time has not come."""
    return next((one for one in chain if one.not_before > now), None)


def expiring(chain: Sequence[Certificate], now: dt.datetime) -> Certificate | None:
    """The one of the chain that expires first, if that is soon."""
    first = min(chain, key=lambda one: one.not_after, default=None)
    return first if first is not None and first.not_after - now < EXPIRES_SOON else None


def only_name(own: Certificate) -> str | None:
    """The one name that the certificate is for, where it is fit for an argument; a wildcard is no name."""
    hosts = [host for host in dict.fromkeys(own.hosts) if _is_address(host) or _HOST.fullmatch(host)]
    return hosts[0] if len(hosts) == 1 and not any("*" in host for host in own.hosts) else None


_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*")


def evidence_of_distrust(
    shaken: Handshake, where: Endpoint, name: str, context: ssl.SSLContext, *, windows: bool
) -> dict[str, EvidenceValue]:
    """Why the chain is not trusted, and what to do for exactly this peer. Only what was seen is told."""
    code, chain = shaken.verify_code, shaken.chain
    if code == _SELF_SIGNED:
        return {"_self_signed": True, "_save": _save(where, name, windows=windows), "_vouches": _first_print(chain)}
    if code == _SELF_SIGNED_IN_CHAIN:
        root = next((one for one in reversed(chain) if one.self_signed), None)
        return {
            "_private_root": True,
            "authority": _called(root) if root else None,
            "_save": _save(where, name, windows=windows),
            "_vouches": root.fingerprint if root else None,
        }
    if code not in _ISSUER_UNKNOWN:
        return {"_other_distrust": True}
    top = chain[-1] if chain else None
    relative = _same_organisation(top, context) if top else None
    return {
        "_issuer_unknown": True,
        "authority": top.issuer if top else None,
        "known_authority": relative,
        "_incomplete": bool(top and len(chain) == 1 and (relative or top.issuer_urls)),
        "issuer_urls": top.issuer_urls if top else (),
    }


def _first_print(chain: Sequence[Certificate]) -> str | None:
    return chain[0].fingerprint if chain else None


def _called(one: Certificate) -> str:
    """The subject; certificates of public authorities have none, but names."""
    return one.subject or ", ".join(one.names[:3]) or "a certificate without a name"


def _same_organisation(top: Certificate, context: ssl.SSLContext) -> str | None:
    """A trusted authority of the organisation that issued this certificate: what is between them was not sent."""
    if not top.issuer_organisation:
        return None
    for authority in context.get_ca_certs():
        subject = authority.get("subject", ())
        said = {str(pair[0]): str(pair[1]) for part in subject if isinstance(part, tuple) for pair in part}
        if one_line(said.get("organizationName", "")) == top.issuer_organisation:
            return one_line(said.get("commonName") or said.get("organizationalUnitName") or top.issuer_organisation)
    return None


def _save(where: Endpoint, name: str, *, windows: bool) -> str:
    """A command that writes down the certificates that the server sends, for any shell of this system.

    OpenSSL reads a file of certificates whatever else stands in it; so what `s_client` prints is one.
    """
    platform = "win32" if windows else "linux"
    asked = "" if _is_address(name) or name == where.host else f" -servername {quoted(name, platform)}"
    place = str(where) if windows else quoted(str(where), platform)
    command = f"echo Q | openssl s_client -connect {place}{asked} -showcerts > server.pem"
    return f'cmd /c "{command}"' if windows else command


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
