# SPDX-License-Identifier: GPL-3.0-or-later
"""A test peer that speaks the protocol of Blender Lab's add-on. It is a FAKE.

The real add-on wants Blender 5.1 and comes from a repository that cannot be reached from here, so this follows the
facts that are known about it: requests and answers are JSON that ends with NUL, one request per connection, an unknown
type is refused by name, a request without its NUL is given up, and nothing is answered before the next tick of a timer,
which is up to a second away. It never runs code.

`LabPeer` runs it in a thread; `beside`, and `python -m tests.lab.lab_peer PORT`, in a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from tests.lab.processes import end
from tests.lab.room import Room

_LIMIT = 10 * 1024 * 1024


def answer(request: bytes) -> dict[str, object]:
    """What the add-on answers to one request, without its NUL."""
    try:
        asked = json.loads(request)
    except ValueError as wrong:
        return {"status": "error", "message": f"Invalid JSON: {wrong}"}
    kind = asked.get("type") if isinstance(asked, dict) else None
    if kind != "execute":
        return {"status": "error", "message": f"Unknown request type: {kind!r}"}
    if "strict_json" not in asked:
        return {
            "status": "error",
            "message": "Internal error: a blender_mcp tool sent a request without the required 'strict_json'",
        }
    return {"status": "ok", "result": {}, "stdout": "", "stderr": ""}


class LabPeer:
    """The peer in a thread of its own. Use as a context manager; `port` is the real one when 0 was asked for."""

    def __init__(self, port: int = 0, *, tick_s: float = 0.25, give_up_s: float = 40.0) -> None:
        self.port = port
        self.requests: list[bytes] = []
        self._tick_s = tick_s
        self._give_up_s = give_up_s
        self._listening = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="lab-peer")

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._listening.wait(5):
            raise TimeoutError("the peer does not listen")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=_LIMIT))
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._give_up_s):
                request = await reader.readuntil(b"\0")
            self.requests.append(request)
            reply = answer(request[:-1])
        except TimeoutError:
            reply = {"status": "error", "message": "Client timed out"}
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            writer.close()
            return
        # The add-on's timer, not a synchronisation: its answers wait for the next tick.
        await asyncio.sleep(self._tick_s)
        writer.write(json.dumps(reply).encode() + b"\0")
        writer.close()


@contextlib.contextmanager
def beside(room: Room, port: int = 9876) -> Iterator[None]:
    """The peer as a process on the network of a room, where Blender and its server find it."""
    process = room.spawn_beside([sys.executable, "-m", "tests.lab.lab_peer", str(port)])
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != str(port):
            raise RuntimeError(f"the peer could not listen on port {port}")
        yield
    finally:
        end(process)


def main() -> None:
    """Serve until standard input ends."""
    with LabPeer(int(sys.argv[1]), tick_s=1.0) as peer:
        print(peer.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
