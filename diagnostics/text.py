# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes text from outside safe to show: bounded, and without anything that steers a terminal or a reader's eye."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible, bidi marks, overrides, isolates
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"  # annotations, no characters, surrogates, tags
)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def clean(text: str, limit: int = 2000) -> str:
    """Returns `text` with control, invisible and bidirectional characters escaped, at most about `limit` characters.

    Newlines and tabs stay. A longer text is cut at the end, with a mark that says so.
    """
    cut = text[:limit]
    # Combining characters in long rows paint over their neighbours; two on one base are enough for any language.
    if not cut.isascii() and any(map(unicodedata.combining, cut)):
        cut = re.sub(
            r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{2})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]+",
            r"\1",
            cut,
        )
    safe = _UNSAFE.sub(_escape, cut.replace("\r\n", "\n"))
    return safe if len(text) <= limit else safe + " …"


def one_line(text: str, limit: int = 200) -> str:
    """Like `clean`, on one line: newlines and tabs become spaces."""
    return clean(" ".join(text[: limit * 2].split()), limit)


_UNPRINTABLE = re.compile(r"[^\x20-\x5b\x5d-\x7e]")


def _shown_byte(match: re.Match[str]) -> str:
    return {"\n": "\\n", "\r": "\\r", "\\": "\\\\"}.get(match[0]) or f"\\x{ord(match[0]):02x}"


def shown_bytes(data: bytes, limit: int = 60) -> str:
    r"""The first bytes of an answer as people read them: printable ASCII as it is, the rest as `\x1b`."""
    head = _UNPRINTABLE.sub(_shown_byte, data[:limit].decode("latin-1"))
    return head if len(data) <= limit else head + "…"


def without_user(text: str) -> str:
    """The text, with user and password taken out of the addresses in it."""
    return re.sub(r"://[^/@\s]*@", "://…@", text)


def host_port(host: str, port: int) -> str:
    """A host and a port as one text; an IPv6 address stands in brackets (RFC 3986, section 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def percent_encoded(text: str, keep: str = "") -> str:
    """The text as it stands in an address, but for unreserved characters and those to `keep` (RFC 3986, section 2)."""
    kept = f"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~{keep}".encode()
    return "".join(chr(byte) if byte in kept else f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))
