# SPDX-License-Identifier: GPL-3.0-or-later
"""The official SDK's own client: what it negotiates with a server is what ours must say.

`OfficialClient` starts one for a release of the SDK and keeps it. The file itself runs with the SDK's interpreter, so
it imports nothing of ours at the top. It reads a job on each line of its stdin and writes what came of it on a line of
its stdout, both in JSON, so that its start and its imports are paid once. A job says `transport`, and `command` or
`url`; for the second line of the SDK also `mode`, "legacy" or "auto".
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Self

DEADLINE_S = 40


class OfficialClient:
    """The client of one release, in a process of its own. Use as a context manager."""

    def __init__(self, release: str) -> None:
        from tests.lab import inventory

        self.release = release
        self._python = inventory.sdk_python(release)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([str(self._python), __file__], text=True, **pipes)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        from tests.lab.processes import end

        end(self._process)

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Connect, negotiate, list the tools, part. Raises RuntimeError with what the client says when it cannot."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line or '{"error": "it ended"}')
        if "error" in answer:
            raise RuntimeError(f"the client of mcp {self.release}: {answer['error']}")
        return answer


def main() -> None:
    """Do the jobs, one after the other, until stdin ends."""
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = asyncio.run(asyncio.wait_for(_do(job), DEADLINE_S))
        except Exception as error:  # noqa: BLE001
            answer = {"error": _told(error)}
        answer["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps(answer), flush=True)


def _told(error: BaseException) -> str:
    inner = getattr(error, "exceptions", ())
    return "; ".join(_told(one) for one in inner) if inner else repr(error)


async def _do(job: dict[str, Any]) -> dict[str, Any]:
    try:
        from mcp import Client
    except ImportError:
        return await _first_line(job)
    async with Client(_target(job), mode=job["mode"]) as client:
        info, capabilities = client.server_info, client.server_capabilities
        return _answer(client.protocol_version, info, capabilities, await client.list_tools())


async def _first_line(job: dict[str, Any]) -> dict[str, Any]:
    from mcp import ClientSession

    async with _streams(job) as (read, write), ClientSession(read, write) as session:
        made = await session.initialize()
        return _answer(made.protocolVersion, made.serverInfo, made.capabilities, await session.list_tools())


def _answer(version: str, info: Any, capabilities: Any, listed: Any) -> dict[str, Any]:
    page = listed.model_dump(by_alias=True, mode="json")
    assert not page.get("nextCursor"), "the list of tools has a second page"
    return {
        "protocol_version": version,
        "server_name": info.name if info else None,
        "server_version": info.version if info else None,
        "capabilities": sorted(capabilities.model_dump(by_alias=True, exclude_none=True, mode="json")),
        "tools": sorted(tool.name for tool in listed.tools),
    }


def _stdio(job: dict[str, Any]) -> Any:
    from mcp import StdioServerParameters

    program, *words = job["command"]
    return StdioServerParameters(command=program, args=words, env=dict(os.environ, **job.get("environ", {})))


def _target(job: dict[str, Any]) -> Any:
    """What the second line's client takes: a command, an address, or a transport."""
    if job["transport"] == "stdio":
        return _stdio(job)
    if job["transport"] == "sse":
        from mcp.client.sse import sse_client

        return sse_client(job["url"])
    return job["url"]


@asynccontextmanager
async def _streams(job: dict[str, Any]) -> AsyncIterator[tuple[Any, Any]]:
    """The two streams of a transport; Streamable HTTP has a third thing, which nobody needs here."""
    async with _transport(job) as streams:
        yield streams[0], streams[1]


def _transport(job: dict[str, Any]) -> AbstractAsyncContextManager[Any]:
    if job["transport"] == "stdio":
        from mcp.client.stdio import stdio_client

        return stdio_client(_stdio(job))
    if job["transport"] == "sse":
        from mcp.client.sse import sse_client

        return sse_client(job["url"])
    from mcp.client.streamable_http import streamablehttp_client

    return streamablehttp_client(job["url"])


if __name__ == "__main__":
    main()
