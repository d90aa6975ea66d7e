# SPDX-License-Identifier: GPL-3.0-or-later
"""A package index without packages on the loopback interface, and small packages for uv to find in a folder."""

from __future__ import annotations

import contextlib
import http.server
import io
import ssl
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path


class _Nothing(http.server.BaseHTTPRequestHandler):
    """Every package is unknown to it."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that it has there
        pass


@contextlib.contextmanager
def empty_index(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of an index that has no package."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Nothing)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://localhost:{server.server_address[1]}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def wheel(folder: Path, name: str, *, python: str = "", requires: str = "", tag: str = "py3-none-any") -> None:
    """A wheel whose program does nothing; `python` is what it says of the Python that it needs."""
    module = name.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    described = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    described += f"Requires-Python: {python}\n" if python else ""
    described += f"Requires-Dist: {requires}\n" if requires else ""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{module}-1.0-{tag}.whl", "w") as archive:
        archive.writestr(f"{module}.py", "def main(): pass\n")
        archive.writestr(f"{info}/METADATA", described)
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {module}:main\n")
        archive.writestr(f"{info}/RECORD", "")


def source(folder: Path, name: str, backend: str) -> None:
    """A source distribution that is built by this Python code, without anything else."""
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    described = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    folder.mkdir(exist_ok=True)
    with tarfile.open(folder / f"{name}-1.0.tar.gz", "w:gz") as archive:
        for path, content in {"PKG-INFO": described, "pyproject.toml": project, "backend.py": backend}.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
