# SPDX-License-Identifier: GPL-3.0-or-later
"""A room: one of the laboratory's Debian systems, with mounts and a network of its own.

The mounts live in a private mount namespace and the network in a private network namespace (loopback alone), so port
9876 is free in every room, several rooms can be used side by side, nothing stays mounted when the last process of the
room has ended, and deleting the laboratory's folder can never reach the machine's own /dev.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.inventory import REPOSITORY, cache
from tests.lab.processes import end, network_settings, run, until

_FURNISH = Path(__file__).with_name("furnish.py")


def refusal() -> str | None:
    """Why this machine cannot have rooms, in one sentence; None when it can."""
    if sys.platform != "linux":
        return "rooms need Linux"
    if os.geteuid() != 0:
        return "rooms need root, for chroot and private mounts"
    missing = [name for name in ("unshare", "nsenter", "chroot", "mount") if shutil.which(name) is None]
    if missing:
        return f"rooms need the programs {', '.join(missing)}"
    tried = run(["unshare", "--mount", "--net", "true"], timeout_s=10, check=False)
    return f"this machine refuses private mounts: {tried.stderr.strip()}" if tried.returncode else None


class Room:
    """One running room over the file system `root`. Use as a context manager.

    `shared` folders, and the laboratory's cache, are at the same path inside and outside.
    """

    def __init__(self, root: Path, *shared: Path, private_network: bool = True) -> None:
        self.root = root
        self._shared = (cache(), *shared)
        self._private_network = private_network
        self._holder: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        certificates = {Path("/etc/ssl")}
        certificates |= {
            Path(value).parent for value in network_settings().values() if value.endswith((".crt", ".pem"))
        }
        shared = [*self._shared, *(path for path in certificates if path.is_dir())]
        network = ["--net"] if self._private_network else []
        self._holder = subprocess.Popen(
            ["unshare", "--mount", *network, sys.executable, "-I", str(_FURNISH), str(self.root), *map(str, shared)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline().strip() != "ready":
            end(self._holder)
            raise RuntimeError(f"the room over {self.root} could not be furnished")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End what is left in the room (its own network tells which processes those are), then the room itself."""
        holder = self._holder
        if holder is None:
            return
        if self._private_network:
            for pid in self.processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            until(lambda: not self.processes(), "the room to be empty", 10)
        end(holder)
        self._holder = None

    def processes(self) -> list[int]:
        """Ids of the processes in this room's network, without the one that holds it open."""
        own = Path(f"/proc/{self.pid}/ns/net").readlink()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.pid:
                continue
            try:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z" and (entry / "ns/net").readlink() == own:
                    found.append(int(entry.name))
            except OSError:
                continue
        return found if self._private_network else []

    @property
    def pid(self) -> int:
        """Id of the process that holds the room open."""
        if self._holder is None:
            raise RuntimeError("the room is not open")
        return self._holder.pid

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a program in the room: little of the machine's, and how it downloads packages."""
        base = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "DISPLAY": ":0",
        }
        return {**base, **network_settings(), **more}

    def inside(self, argv: Sequence[str | Path]) -> list[str]:
        """The command line that runs `argv` in the room. The process keeps its id: nothing in between forks."""
        # Looked up here, because the room's PATH need not hold the machine's sbin; and `--root`, because entering the
        # mounts alone would leave a machine that is itself a chroot.
        chroot = shutil.which("chroot") or "chroot"
        return [*self._enter("--mount", "--net", "--root"), chroot, str(self.root), *map(str, argv)]

    def beside(self, argv: Sequence[str | Path]) -> list[str]:
        """The command line that runs a program of this machine on the room's network."""
        return [*self._enter("--net"), *map(str, argv)]

    def _enter(self, *namespaces: str) -> list[str]:
        return [shutil.which("nsenter") or "nsenter", "--target", str(self.pid), *namespaces]

    def spawn(
        self, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, log: Path | None = None
    ) -> subprocess.Popen[str]:
        """Start a program in the room; what it prints goes to `log`, or can be read from its `stdout`."""
        return _popen(self.inside(argv), env or self.environment(), subprocess.DEVNULL, log)

    def spawn_beside(self, argv: Sequence[str | Path]) -> subprocess.Popen[str]:
        """Start a program of this machine on the room's network. Its standard input ends when the tests do."""
        return _popen(self.beside(argv), {**os.environ, "PYTHONPATH": str(REPOSITORY)}, subprocess.PIPE, None)

    def run(
        self, argv: Sequence[str | Path], *, timeout_s: float, env: Mapping[str, str] | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the room to its end; see `processes.run`."""
        return run(self.inside(argv), timeout_s=timeout_s, env=env or self.environment(), check=check)

    def run_beside(self, argv: Sequence[str | Path], *, timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine on the room's network to its end."""
        return run(self.beside(argv), timeout_s=timeout_s)


def _popen(argv: list[str], env: Mapping[str, str], stdin: int, log: Path | None) -> subprocess.Popen[str]:
    with contextlib.nullcontext(subprocess.PIPE) if log is None else log.open("a", encoding="utf-8") as out:
        return subprocess.Popen(argv, stdin=stdin, stdout=out, stderr=subprocess.STDOUT, text=True, env=dict(env))
