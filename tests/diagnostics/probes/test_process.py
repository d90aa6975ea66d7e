# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever was started ends, with all that it started, and leaves no descriptor behind."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from diagnostics.probes import process
from diagnostics.probes.process_tree import Tree

from .children import FOREVER, alive, command, environment, pids, until_noted

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and sessions")

SPAWN = """
def grandchild(code, **options):
    code = "import os, signal, sys, time\\n" + code
    child = subprocess.Popen([sys.executable, "-S", "-c", code], **options)
    note_pid(child.pid)
"""

# Its id is noted once more when it has stopped listening.
DEAF = (
    'signal.signal(signal.SIGTERM, signal.SIG_IGN)\\nwith open("pids", "a") as pids: print(os.getpid(), file=pids)\\n'
)
TREES = {
    "alone": (1, FOREVER),
    "grandchild": (2, f"grandchild('{FOREVER}')\n{FOREVER}"),
    "orphan that holds the pipes": (2, f"grandchild('{FOREVER}')"),
    "orphan that ignores SIGTERM": (3, f"grandchild('{DEAF}{FOREVER}')"),
    "ignores SIGTERM": (2, f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\nnote_pid()\n{FOREVER}"),
    "grandchild in a session of its own": (2, f"grandchild('{FOREVER}', start_new_session=True)\n{FOREVER}"),
    "grandchild in a group of its own": (2, f"grandchild('os.setpgid(0, 0)\\n{FOREVER}')\nsys.exit(0)"),
    "many": (21, f"for _ in range(20): grandchild('{FOREVER}')\n{FOREVER}"),
}


async def begin(folder: Path, body: str) -> process.Child:
    asked = command(folder, SPAWN + body)
    return await process.start(asked.argv, environ=environment(), cwd=asked.cwd)


@posix
@pytest.mark.parametrize("name", TREES)
def test_the_whole_tree_ends(name: str, tmp_path: Path) -> None:
    count, body = TREES[name]

    async def run() -> None:
        child = await begin(tmp_path, body)
        await until_noted(tmp_path, count)
        await process.end_tree(child)
        assert alive(tmp_path) == []
        assert child.exited.is_set()
        assert child.closed.is_set()

    asyncio.run(run())


@posix
def test_ending_is_bounded(tmp_path: Path) -> None:
    async def run() -> None:
        child = await begin(tmp_path, TREES["ignores SIGTERM"][1])
        await until_noted(tmp_path, 2)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await process.end_tree(child)
        # 0.4 s are promised; the rest is for a busy machine.
        assert loop.time() - began < 2
        assert child.exit_code == -9

    asyncio.run(run())


def test_the_exit_is_seen_although_a_grandchild_holds_the_pipes(tmp_path: Path) -> None:
    async def run() -> None:
        child = await begin(tmp_path, f"grandchild('{FOREVER}')\nsys.stderr.write('bye')\nsys.exit(7)")
        await child.exited.wait()
        assert child.exit_code == 7
        assert await child.receive() == b""
        assert child.stderr_tail == b"bye"
        await process.end_tree(child)

    if sys.platform == "win32":
        pytest.skip("an orphan is not found on Windows")
    asyncio.run(run())
    assert alive(tmp_path) == []


def test_only_the_end_of_stderr_is_kept(tmp_path: Path) -> None:
    async def run() -> None:
        child = await begin(tmp_path, "sys.stderr.write('a' * 3_000_000 + 'b' * 65000 + 'the end'); sys.stderr.flush()")
        await child.settle(60)
        assert len(child.stderr_tail) == process.STDERR_TAIL
        assert child.stderr_tail.endswith(b"bbbthe end")
        await process.end_tree(child)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("argv", "environ"),
    [
        (("/nowhere/uvx",), {}),
        (("a\0b",), {}),
        ((sys.executable,), {"A=B": "1"}),
        ((sys.executable,), {"A": "\0"}),
        ((sys.executable, "\udcff\ud800"), {}),
    ],
)
def test_what_cannot_start_raises(argv: tuple[str, ...], environ: dict[str, str]) -> None:
    if sys.platform == "win32" and "\ud800" in argv[-1]:
        pytest.skip("Windows takes lone surrogates")
    with pytest.raises((OSError, ValueError)):
        asyncio.run(process.start(argv, environ=environ, cwd=None))


@posix
@pytest.mark.parametrize("turns", range(12))
def test_cancelled_while_starting(turns: int, tmp_path: Path) -> None:
    async def run() -> None:
        children = psutil.Process().children()
        task = asyncio.ensure_future(begin(tmp_path, FOREVER))
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.done():
            await process.end_tree(task.result())
            return
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [child for child in psutil.Process().children() if child not in children] == []

    asyncio.run(run())
    assert alive(tmp_path) == []


@posix
def test_ending_goes_on_when_cancelled_twice(tmp_path: Path) -> None:
    async def run() -> None:
        child = await begin(tmp_path, TREES["ignores SIGTERM"][1])
        await until_noted(tmp_path, 2)
        task = asyncio.ensure_future(process.end_tree(child))
        for _ in range(3):
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert alive(tmp_path) == []
        assert child.closed.is_set()

    asyncio.run(run())


@posix
def test_the_shutdown_of_the_loop_ends_the_tree(tmp_path: Path) -> None:
    """`asyncio.run` cancels every task when its main one is over, those that are ending a tree as well."""

    async def run() -> None:
        child = await begin(tmp_path, TREES["ignores SIGTERM"][1])
        await until_noted(tmp_path, 2)
        tasks.add(asyncio.ensure_future(process.end_tree(child)))
        await asyncio.sleep(0)

    tasks: set[asyncio.Future[None]] = set()
    asyncio.run(run())
    for pid in pids(tmp_path):
        psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    assert alive(tmp_path) == []


@posix
def test_a_stranger_with_the_same_id_is_left_alone() -> None:
    stranger = subprocess.Popen([sys.executable, "-S", "-c", "import time\n" + FOREVER])
    try:
        tree = Tree(stranger.pid)
        # What was started was another process with this id, created earlier.
        root = psutil.Process(stranger.pid)
        root._ident = (stranger.pid, 1.0)
        root._create_time = 1.0
        tree._root, tree._members = root, {root}
        tree.root_exited()
        asyncio.run(tree.end())
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@posix
def test_a_session_that_died_out_is_not_looked_for_again(tmp_path: Path) -> None:
    async def run(stranger: int) -> None:
        child = await begin(tmp_path, "")
        await child.exited.wait()
        assert child.tree is not None
        # The id is taken by a stranger's session now.
        child.tree._pid = stranger
        await process.end_tree(child)

    code = "import time\n" + FOREVER
    with subprocess.Popen([sys.executable, "-S", "-c", code], start_new_session=True) as stranger:
        try:
            asyncio.run(run(stranger.pid))
            assert stranger.poll() is None
        finally:
            stranger.kill()


def _in_thread(work: Callable[[], object]) -> None:
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # raised again below
            errors.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    for error in errors:
        raise error


@pytest.mark.parametrize("run", [lambda work: work(), _in_thread], ids=["main thread", "other thread"])
def test_nothing_leaks(run: Callable[[Callable[[], object]], None], tmp_path: Path) -> None:
    async def several(begin_one: Callable[[], Awaitable[process.Child]]) -> None:
        for _ in range(5):
            await process.end_tree(await begin_one())

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(lambda: asyncio.run(several(lambda: begin(tmp_path, FOREVER))))
        descriptors = _descriptors()
        run(lambda: asyncio.run(several(lambda: begin(tmp_path, FOREVER)), debug=True))
        gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []
    assert _descriptors() <= descriptors
    assert alive(tmp_path) == []


def _descriptors() -> int:
    me = psutil.Process()
    return me.num_handles() if sys.platform == "win32" else me.num_fds()
