# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata of an installed distribution (PyPA: core metadata; setuptools: `requires.txt` of an `.egg-info`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FOLDER = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+?)(?:-py[\d.]+.*)?\.(?:dist|egg)-info")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is kept of it. Texts are empty where the file does not say."""

    name: str = ""
    version: str = ""
    requires: tuple[str, ...] = ()


def read_metadata(data: bytes) -> Metadata:
    """The headers of a METADATA or PKG-INFO. What stands after the first empty line is the description and is left."""
    found: dict[str, list[str]] = {}
    for name, value in _headers(data.decode("utf-8", "replace").replace("\r\n", "\n")):
        found.setdefault(name, []).append(value)
    name, version = (found.get(key, [""])[0] for key in ("name", "version"))
    return Metadata(name, version, tuple(found.get("requires-dist", [])))


def _headers(text: str) -> Iterator[tuple[str, str]]:
    for line in re.sub(r"\n[ \t]+", " ", text.partition("\n\n")[0]).split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def read_requires(data: bytes) -> tuple[str, ...]:
    """The requirements in a `requires.txt`, with its sections (`[extra:marker]`) written as markers."""
    found, marker = [], ""
    for line in data.decode("utf-8", "replace").splitlines():
        text = line.strip()
        if (section := re.fullmatch(r"\[([^:\]]*)(?::(.*))?\]", text)) is not None:
            parts = [f'extra == "{section[1]}"' if section[1] else "", f"({section[2]})" if section[2] else ""]
            marker = " and ".join(filter(None, parts))
        elif text and not text.startswith("#"):
            found.append(f"{text} ; {marker}" if marker else text)
    return tuple(found)


def of_folder(name: str) -> tuple[str, str] | None:
    """Name and version as a `.dist-info` or `.egg-info` says them by its own name; None for any other name."""
    match = _FOLDER.fullmatch(name)
    return (match["name"], match["version"]) if match else None


def read_settings(data: bytes) -> dict[str, str]:
    """The lines `name = value` of a `pyvenv.cfg`."""
    pairs = (line.partition("=") for line in data.decode("utf-8", "replace").splitlines())
    return {name.strip().lower(): value.strip() for name, equals, value in pairs if equals}
