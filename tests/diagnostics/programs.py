# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs that listen at a port: real processes, under any name."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LISTEN = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
kept = []
while True:
    kept.append(server.accept()[0])
    if BANNER:
        kept[-1].sendall(BANNER)
"""


@contextlib.contextmanager
def program(folder: Path, name: str, banner: bytes = b"") -> Iterator[tuple[int, int]]:
    """A process whose program is called `name`, which accepts connections and says `banner`. Its port and its id.

    It is a copy of Python's program: a link would be seen through.
    """
    path = folder / name
    folder.mkdir(exist_ok=True)
    shutil.copy(Path(sys.executable).resolve(), path)
    argv = [str(path), "-s", "-S", "-c", f"BANNER = {banner!r}\n{LISTEN}"]
    with listening_process(argv, PYTHONHOME=sys.base_prefix) as (line, pid):
        yield int(line), pid


@contextlib.contextmanager
def listening_process(argv: list[str], **environ: str) -> Iterator[tuple[str, int]]:
    """A process that says on its first line that it listens; it is ended when the block is left."""
    env = {**os.environ, **environ}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline(), process.pid
        finally:
            process.kill()
