# SPDX-License-Identifier: GPL-3.0-or-later
"""What the official clients negotiate with a server, each asked once in a run of the tests."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from tests.lab.official_client import OfficialClient
from tests.lab.servers import STREAMABLE, Place, Server

OFFERED_BY = {"2024-11-05": "1.2.1", "2025-03-26": "1.9.4", "2025-06-18": "1.12.4", "2025-11-25": "1.30.0"}
"""An official client offers the newest revision that it knows, so each offer has the release that makes it."""
LEGACY, AUTO = "legacy", "auto"
MODERN_CLIENT = "2.3.0"
"""In its mode "auto" it sends `server/discover` first; the clients of the first line know `initialize` alone."""


class References:
    """The official clients, each started when it is first asked. Use as a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._clients: dict[str, OfficialClient] = {}
        self._known: dict[tuple[str, str, str, str], dict[str, Any] | str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def offering(self, offer: str, server: Server, place: Place) -> dict[str, Any] | None:
        """What is agreed on when this revision is offered; None where no official client can tell."""
        old = offer == "2024-11-05"
        # The oldest client knows no Streamable HTTP, and chokes on what the newest server of Node sends.
        if old and (place.transport == STREAMABLE or server.name.startswith("server-everything")):
            return None
        return self._whole(self.said(OFFERED_BY[offer], LEGACY, server, place))

    def newest_handshake(self, server: Server, place: Place) -> dict[str, Any]:
        """What is agreed on by `initialize`."""
        return self._whole(self.said(OFFERED_BY["2025-11-25"], LEGACY, server, place))

    def modern(self, server: Server, place: Place) -> dict[str, Any] | str:
        """What is agreed on when `server/discover` is sent first, or how the client broke off."""
        return self.said(MODERN_CLIENT, AUTO, server, place)

    def said(self, release: str, mode: str, server: Server, place: Place) -> dict[str, Any] | str:
        """What the client of this release agreed on, or the error by which it broke off."""
        key = (server.name, place.transport, release, mode)
        if key not in self._known:
            try:
                answer = self._client(release).ask(place.job(mode))
                answer.pop("peak_kib")
                self._known[key] = answer
            except RuntimeError as error:
                self._known[key] = str(error)
        return self._known[key]

    def _client(self, release: str) -> OfficialClient:
        if release not in self._clients:
            self._clients[release] = self._stack.enter_context(OfficialClient(release))
        return self._clients[release]

    @staticmethod
    def _whole(answer: dict[str, Any] | str) -> dict[str, Any]:
        if isinstance(answer, str):
            raise RuntimeError(answer)  # noqa: TRY004
        return answer

    def knows(self, server: Server, transport: str) -> bool:
        """Whether both eras of this server over this transport were asked already."""
        asked = ((OFFERED_BY["2025-11-25"], LEGACY), (MODERN_CLIENT, AUTO))
        return all((server.name, transport, *one) in self._known for one in asked)
