# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads DER, the encoding of certificates and of the names in them (ITU-T X.690), element by element.

Only what certificates consist of: definite lengths and tags of one byte. Nothing here follows nested elements by
itself, so that no input can make it deep.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

SEQUENCE, SET, OID, INTEGER, BOOLEAN, OCTETS = 0x30, 0x31, 0x06, 0x02, 0x01, 0x04
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
_STRINGS = {
    0x0C: "utf-8",
    0x12: "latin-1",  # NumericString
    0x13: "latin-1",  # PrintableString
    0x14: "latin-1",  # TeletexString, in which issuers write Latin-1
    0x16: "latin-1",  # IA5String
    0x1A: "latin-1",  # VisibleString
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_LONG, _MAX_LENGTH_BYTES = 0x80, 4
_HIGH_TAG = 0x1F
_CENTURY = 50
"""Years of two digits from here on are of the 1900s (RFC 5280, section 4.1.2.5.1)."""


class DerError(ValueError):
    """The bytes are not what they should be."""


class Reader:
    """The elements of `data`, one after the other. Everything but the constructor raises DerError for what is wrong."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def tag(self) -> int | None:
        """The tag of the next element; None at the end."""
        return self._data[self._at] if self._at < len(self._data) else None

    def take(self, tag: int | None = None) -> bytes:
        """The contents of the next element, which must have this `tag` where one is given."""
        _start, contents, end = self._next(tag)
        self._at = end
        return self._data[contents:end]

    def take_whole(self, tag: int) -> bytes:
        """The next element with its tag and length."""
        start, _contents, end = self._next(tag)
        self._at = end
        return self._data[start:end]

    def enter(self, tag: int) -> Reader:
        """The elements inside the next one."""
        return Reader(self.take(tag))

    def skip(self, tag: int) -> None:
        """Passes over the next element, if it has this tag."""
        if self.tag == tag:
            self.take()

    def elements(self) -> Iterator[tuple[int, bytes]]:
        """Tag and contents of all elements that are left."""
        while (tag := self.tag) is not None:
            yield tag, self.take()

    def _next(self, tag: int | None) -> tuple[int, int, int]:
        data, at = self._data, self._at
        if len(data) - at < 2:  # noqa: PLR2004  # a tag and a length
            raise DerError("ends too early")
        if (tag is not None and data[at] != tag) or data[at] & _HIGH_TAG == _HIGH_TAG:
            raise DerError(f"holds element {data[at]:#04x} in the place of another")
        length, contents = data[at + 1], at + 2
        if length >= _LONG:
            size = length - _LONG
            if not 0 < size <= _MAX_LENGTH_BYTES or len(data) - contents < size:
                raise DerError("has a length that cannot be")
            length = int.from_bytes(data[contents : contents + size], "big")
            contents += size
        if length > len(data) - contents:
            raise DerError("ends too early")
        return at, contents, contents + length


def dotted(contents: bytes) -> str:
    """An object identifier as people write it, "2.5.4.3". Raises DerError."""
    if not contents or contents[-1] & _LONG or len(contents) > 64:  # noqa: PLR2004  # no real one is longer
        raise DerError("holds an identifier that is none")
    numbers, value = [], 0
    for byte in contents:
        value = value << 7 | byte & 0x7F
        if not byte & _LONG:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def text(tag: int, contents: bytes) -> str:
    """A string of any of the types that stand in names; of another type, "#" and its bytes (RFC 4514, section 2.4)."""
    encoding = _STRINGS.get(tag)
    return f"#{contents[:64].hex()}" if encoding is None else contents.decode(encoding, "replace")


def moment(tag: int, contents: bytes) -> dt.datetime:
    """A UTCTime or GeneralizedTime in the form that certificates must use (RFC 5280, section 4.1.2.5). Raises DerError.

    Seconds may be missing, as in some certificates of old.
    """
    digits = {UTC_TIME: 2, GENERALIZED_TIME: 4}.get(tag)
    found = re.fullmatch(rb"(\d{%d})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z" % digits, contents) if digits else None
    if found is None:
        raise DerError("holds a time that is none")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    if digits == 2:  # noqa: PLR2004
        year += 1900 if year >= _CENTURY else 2000
    try:
        return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
    except ValueError:
        raise DerError("holds a time that is none") from None
