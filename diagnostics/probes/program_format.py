# SPDX-License-Identifier: GPL-3.0-or-later
"""For which kind of processor a program file was made, told by its first bytes (ELF, Mach-O, PE)."""

from __future__ import annotations

import contextlib
import platform
import struct
import sys
from pathlib import Path

_ELF = {3: "x86", 40: "arm", 62: "x86_64", 183: "arm64", 243: "riscv64", 21: "ppc64", 22: "s390x"}
_PE = {0x14C: "x86", 0x8664: "x86_64", 0xAA64: "arm64", 0x1C4: "arm"}
_MACH = {7: "x86", 0x01000007: "x86_64", 12: "arm", 0x0100000C: "arm64"}
_NAMES = {"amd64": "x86_64", "aarch64": "arm64", "i386": "x86", "i686": "x86", "armv7l": "arm", "armv6l": "arm"}
_ALSO = {
    # What a processor runs besides its own: the system brings what it takes.
    ("linux", "x86_64"): {"x86"},
    ("linux", "arm64"): {"arm"},
    ("darwin", "arm64"): {"x86_64"},
    ("win32", "x86_64"): {"x86"},
    ("win32", "arm64"): {"x86_64", "x86", "arm"},
}
_ELF_HEAD = 20
"""Bytes up to and with the kind of processor."""
_OF_SYSTEM = {"linux": "elf", "darwin": "mach-o", "win32": "pe"}


def read_format(program: Path) -> tuple[str, frozenset[str]] | None:
    """The format ("elf", "mach-o" or "pe") and the processors; None for a script, or what cannot be read."""
    with contextlib.suppress(OSError, struct.error):
        with program.open("rb") as file:
            head = file.read(4096)
        if head[:4] == b"\x7fELF" and len(head) >= _ELF_HEAD:
            (number,) = struct.unpack_from("<H" if head[5] == 1 else ">H", head, 18)
            return "elf", _known(_ELF.get(number))
        if head[:4] in {b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"}:
            return "mach-o", _known(_MACH.get(struct.unpack_from("<I", head, 4)[0]))
        if head[:4] == b"\xca\xfe\xba\xbe" and 0 < (count := struct.unpack_from(">I", head, 4)[0]) < 20:  # noqa: PLR2004  # a Java class has its version here, which is above
            kinds = (struct.unpack_from(">I", head, 8 + 20 * number)[0] for number in range(count))
            return "mach-o", frozenset(name for kind in kinds if (name := _MACH.get(kind)))
        if head[:2] == b"MZ":
            (at,) = struct.unpack_from("<I", head, 0x3C)
            if head[at : at + 4] == b"PE\0\0":
                return "pe", _known(_PE.get(struct.unpack_from("<H", head, at + 4)[0]))
    return None


def _known(name: str | None) -> frozenset[str]:
    return frozenset((name,)) if name else frozenset()


def foreign_format(program: Path) -> tuple[str, str] | None:
    """What the file is made for and what this computer is, where it surely cannot run here; None for all others."""
    found = read_format(program)
    here = platform.machine().lower()
    here = _NAMES.get(here, here)
    if found is None or not here or _emulated():
        return None
    kind, processors = found
    own = _OF_SYSTEM.get(sys.platform, kind)
    if kind != own:
        system = {"elf": "Linux", "mach-o": "macOS", "pe": "Windows"}
        return system[kind], system.get(own, sys.platform)
    runs = {here} | _ALSO.get((sys.platform, here), set())
    if not processors or runs & processors:
        return None
    return ", ".join(sorted(processors)), here


def _emulated() -> bool:
    """Linux may have been told which program runs files of other kinds: then nothing is certain."""
    folder = Path("/proc/sys/fs/binfmt_misc")
    with contextlib.suppress(OSError):
        return any(path.name not in {"register", "status"} for path in folder.iterdir())
    return False
