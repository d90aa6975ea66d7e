# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Chromium without a window, steered over its debugging pipe: no port is opened, and no driver is needed."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.processes import end

PACKAGE = "chromium"
"""The Debian package."""
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_WAIT_S = 60
_OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # its sandbox refuses to run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
)


class BrowserError(Exception):
    """The browser ended, said nothing in time, or refused."""


def program() -> str | None:
    """The browser of this machine; None without one."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


def _high(handles: tuple[int, int]) -> tuple[int, int]:
    """The same handles with numbers that are out of the way of 3 and 4."""
    first, second = (fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, 10) for handle in handles)
    for handle in handles:
        os.close(handle)
    return first, second


class Page:
    """One page in a browser of its own. Use as a context manager.

    `requested` are the addresses that it asked for, `complaints` what it wrote to its console as an error or warning.
    """

    def __init__(self, profile: Path) -> None:
        self.requested: list[str] = []
        self.complaints: list[str] = []
        self._profile = profile
        self._numbers = 0
        self._read = b""
        self._session: str | None = None
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        chromium = program()
        if chromium is None:
            raise BrowserError("there is no browser")
        theirs_in, self._out = _high(os.pipe())
        self._in, theirs_out = _high(os.pipe())
        # Chromium reads from file descriptor 3 and writes to 4. bash moves them there; Python and dash cannot.
        argv = [chromium, *_OPTIONS, f"--user-data-dir={self._profile}", "about:blank"]
        moved = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", *argv]
        self._process = subprocess.Popen(
            moved, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            targets = self._ask("Target.getTargets")["targetInfos"]
            page = next(target["targetId"] for target in targets if target["type"] == "page")
            self._session = self._ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
            for domain in ("Page", "Network", "Runtime", "Log"):
                self._ask(f"{domain}.enable")
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def open(self, address: str, until: Callable[[], bool] | None = None) -> None:
        """Load this address, and wait until it is there, or until something else holds."""
        self._events.clear()
        self._ask("Page.navigate", url=address)
        loaded = until or (lambda: self.value("document.readyState") == "complete")
        stop = time.monotonic() + _WAIT_S
        while not loaded():
            if time.monotonic() > stop:
                raise BrowserError(f"{address} was not loaded")

    def value(self, expression: str) -> Any:
        """What an expression in the page comes to, as JSON."""
        told = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise BrowserError(told["exceptionDetails"]["exception"]["description"])
        return told["result"].get("value")

    def prefer(self, scheme: str) -> None:
        """Be a system whose user prefers "light" or "dark"."""
        self._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def allow_scripts(self, allowed: bool) -> None:
        """Whether pages that are loaded from now on may run scripts."""
        self._ask("Emulation.setScriptExecutionDisabled", value=not allowed)

    def screenshot(self, file: Path) -> None:
        """What is seen, as a PNG."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot")["data"]))

    def pdf(self, file: Path) -> bytes:
        """The page as it is printed."""
        data = base64.b64decode(self._ask("Page.printToPDF")["data"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return data

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._numbers += 1
        message: dict[str, Any] = {"id": self._numbers, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        while (answer := self._next()).get("id") != self._numbers:
            self._note(answer)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        stop = time.monotonic() + _WAIT_S
        while b"\0" not in self._read:
            if not select.select([self._in], [], [], max(0.0, stop - time.monotonic()))[0]:
                raise BrowserError("the browser does not answer")
            part = os.read(self._in, 1 << 20)
            if not part:
                raise BrowserError("the browser has ended")
            self._read += part
        line, _, self._read = self._read.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requested.append(told["request"]["url"])
            case "Log.entryAdded" if told["entry"]["level"] in {"error", "warning"}:
                self.complaints.append(told["entry"]["text"])
            case "Runtime.consoleAPICalled" if told["type"] in {"error", "warning", "assert"}:
                self.complaints.append(str(told["args"]))
            case "Runtime.exceptionThrown":
                self.complaints.append(str(told["exceptionDetails"]))
            case _:
                pass

    def _close(self) -> None:
        with contextlib.suppress(BrowserError, OSError):
            self._session = None
            self._ask("Browser.close")
        for handle in (self._in, self._out):
            os.close(handle)
        end(self._process)
