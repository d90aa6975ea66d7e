# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks uv, or pip where there is no uv, for the hashes of packages in these versions. Nothing is installed."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..ledger import Ledger
from ..text import one_line
from .process import end_tree, start

_OFFLINE_S, _ONLINE_S = 20.0, 120.0
_MOST = 8 << 20
"""Bytes of an answer; pip's report tells some 10 KiB of each package."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Lines as a file of requirements has them, each with its hashes, or why there are none."""

    text: str = ""
    count: int = 0
    resolver: str = ""
    """Who answered: "uv" or "pip"."""
    problem: str = ""


async def with_hashes(
    pins: Sequence[str],
    *,
    whole: bool,
    python_version: str,
    uv: Path | None,
    python: Path | None,
    environ: Mapping[str, str],
    ledger: Ledger,
) -> Resolved:
    """The pins (`name==version`) with their hashes; what uv has in its cache is asked first, then the network.

    `whole` says that the pins are all that is needed; otherwise what they need is resolved too. `python_version` is
    that of the environment, "" where it is not known. Takes some 2 minutes at most.
    """
    if uv is None and python is None:
        return Resolved(problem="neither uv nor a Python with pip was found")
    with tempfile.TemporaryDirectory(prefix="mcp-diagnostics-") as folder:
        file = Path(folder) / "requirements.in"
        file.write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
        asked = _Asked(folder, environ, ledger)
        if uv is not None:
            return await _by_uv(asked, uv, file, whole=whole, python_version=python_version)
        assert python is not None  # noqa: S101  # one of the two is there
        return await _by_pip(asked, python, file, whole=whole)


async def _by_uv(asked: _Asked, uv: Path, file: Path, *, whole: bool, python_version: str) -> Resolved:
    argv = [str(uv), "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
    argv += ["--no-python-downloads", *(["--no-deps"] if whole else [])]
    argv += ["--python-version", python_version] if re.fullmatch(r"\d+(\.\d+){1,2}", python_version) else []
    code, printed, said = await asked.ask([*argv, "--offline", str(file)], _OFFLINE_S)
    if code != 0:
        code, printed, said = await asked.ask([*argv, str(file)], _ONLINE_S)
    text = printed.decode("utf-8", "replace")
    count = len(re.findall(r"(?m)^[A-Za-z0-9]", text))
    if code != 0 or not count:
        return Resolved(problem=f"uv: {_reason(said)}")
    return Resolved(text, count, "uv")


async def _by_pip(asked: _Asked, python: Path, file: Path, *, whole: bool) -> Resolved:
    argv = [str(python), "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    code, printed, said = await asked.ask([*argv, *(["--no-deps"] if whole else []), "-r", str(file)], _ONLINE_S)
    if code != 0:
        return Resolved(problem=f"pip: {_reason(said)}")
    try:
        lines = sorted(_line(one) for one in json.loads(printed)["install"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Resolved(problem="pip did not tell the hashes; a newer pip does")
    return Resolved("".join(lines), len(lines), "pip")


def _line(installed: Mapping[str, Mapping[str, Any]]) -> str:
    """A line of requirements for an entry of pip's installation report (version 1 of its format)."""
    metadata, archive = installed["metadata"], installed["download_info"]["archive_info"]
    # pip before 23.1 tells one hash, as "sha256=…".
    sha256 = archive.get("hashes", {}).get("sha256") or str(archive["hash"]).removeprefix("sha256=")
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError(sha256)
    return f"{metadata['name'].lower().replace('_', '-')}=={metadata['version']} \\\n    --hash=sha256:{sha256}\n"


def _reason(said: bytes) -> str:
    """Why a resolver gave up, in its own words: its last lines say it."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("hint:", "[notice]"))]
    return one_line(" ".join(lines[-3:]), 400) or "it gave no reason"


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is asked where, and with which variables."""

    folder: str
    environ: Mapping[str, str]
    ledger: Ledger

    async def ask(self, argv: Sequence[str], wait_s: float) -> tuple[int, bytes, bytes]:
        """Exit code, what was printed, and what was said on stderr. -1 for who cannot be started or takes too long."""
        self.ledger.started(argv)
        try:
            child = await start(argv, environ=self.environ, cwd=self.folder)
        except (OSError, ValueError) as error:
            return -1, b"", str(error).encode()
        printed = bytearray()
        try:
            async with asyncio.timeout(wait_s):
                while (data := await child.receive()) and len(printed) <= _MOST:
                    printed += data
                await child.exited.wait()
                await child.settle(0.2)
        except TimeoutError:
            return -1, b"", f"no answer within {wait_s:g} s".encode()
        finally:
            await end_tree(child)
        return (-1 if child.exit_code is None else child.exit_code), bytes(printed), child.stderr_tail
