# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS handshake with an endpoint. The certificate is always verified."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass

from ..ledger import Ledger
from ..model import Tls
from ..text import one_line
from .background import in_thread
from .tcp import Address, open_socket


@dataclass(frozen=True, slots=True)
class Handshake:
    """How a handshake ended. `verify_code` is OpenSSL's number for a refused certificate (10 expired, 62 name)."""

    ok: bool
    version: str = ""
    error: str = ""
    verify_code: int = 0
    plain: bool = False
    """The peer answered in the clear."""
    elapsed_ms: float = 0.0


async def client_context(tls: Tls, ledger: Ledger) -> ssl.SSLContext:
    """A context that verifies, with the system's store or the CA file. Raises OSError for an unusable CA file.

    Loading the system's store takes some 40 ms, so it is done off the loop.
    """
    if tls.ca_file is not None:
        ledger.read(tls.ca_file)
    cafile = str(tls.ca_file) if tls.ca_file is not None else None
    return await in_thread(lambda: ssl.create_default_context(cafile=cafile))


async def shake_hands(
    address: Address, context: ssl.SSLContext, server_name: str, ledger: Ledger, *, deadline_s: float
) -> Handshake:
    """Connects, does the handshake within `deadline_s` seconds and closes the connection."""
    began = time.monotonic()

    def ended(**said: object) -> Handshake:
        return Handshake(**said, elapsed_ms=(time.monotonic() - began) * 1000)  # type: ignore[arg-type]

    try:
        async with asyncio.timeout(deadline_s):
            sock = await open_socket(address, ledger, deadline_s=deadline_s)
            _reader, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname=server_name)
    except ssl.SSLCertVerificationError as error:
        return ended(ok=False, error=one_line(error.verify_message), verify_code=error.verify_code)
    except ssl.SSLError as error:
        plain = error.reason in {
            "WRONG_VERSION_NUMBER",
            "HTTP_REQUEST",
            "RECORD_LAYER_FAILURE",
            "PACKET_LENGTH_TOO_LONG",
        }
        return ended(ok=False, error=one_line(error.reason or str(error)), plain=plain)
    except TimeoutError:
        return ended(ok=False, error=f"no answer to the handshake within {deadline_s:g} s")
    except (OSError, ValueError) as error:  # ValueError: a server name that cannot be one
        return ended(ok=False, error=one_line(str(error)) or "the connection was closed")
    version = str(writer.get_extra_info("ssl_object").version())
    writer.transport.abort()
    return ended(ok=True, version=version)
