# SPDX-License-Identifier: GPL-3.0-or-later
"""The stdio probe against servers that behave, and against those that do not."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest

from diagnostics.model import Command
from diagnostics.probes.mcp_stdio import LINES_LIMIT, STDOUT_LIMIT, ServerAnswer, ask_server

from .children import FOREVER, alive, ask, command, environment, until_noted

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals, sessions and shells")


def test_a_good_server(tmp_path: Path) -> None:
    answer = ask(tmp_path, "serve()")
    assert answer.answered
    assert answer.tools == ("get_scene_info", "execute_code")
    assert answer.tools_listed
    assert (answer.server_name, answer.server_version) == ("s", "1")
    assert (answer.protocol_version, answer.protocol_version_valid) == ("2025-11-25", True)
    assert answer.capabilities == ("tools",)
    assert (answer.exit_code, answer.start_error, answer.timed_out, answer.noise) == (None, None, False, ())
    assert [method for method, _taken in answer.steps] == ["initialize", "tools/list"]
    assert 0 < sum(taken for _method, taken in answer.steps) <= answer.total_ms


def test_the_transcript_says_who_said_what_and_no_secret(tmp_path: Path) -> None:
    answer = ask(tmp_path, "print(os.environ['SECRET_TOKEN'], flush=True)\nserve()")
    steps = [line.split("ms  ")[1] for line in answer.transcript]
    assert steps[:4] == [
        "started",
        '→ initialize protocolVersion="2025-11-25"',
        "← no message (not-json)",
        '← result 1 protocolVersion="2025-11-25"',
    ]
    assert steps[4:7] == ["→ notifications/initialized", "→ tools/list", "← result 2"]
    assert "hunter2" not in "".join(answer.transcript)


def test_log_lines_before_the_answer(tmp_path: Path) -> None:
    answer = ask(tmp_path, "for at in range(9): print(f'\\x1b[32mINFO\\x1b[0m line {at}', flush=True)\nserve()")
    assert answer.answered
    assert answer.noise_before_answer
    assert answer.noise_lines == 9
    assert len(answer.noise) == 5
    assert answer.noise[0] == "\\x1b[32mINFO\\x1b[0m line 0"


def test_noise_after_the_answer(tmp_path: Path) -> None:
    answer = ask(tmp_path, "reply(hear(), GOOD)\nprint('listing', flush=True)\nserve()")
    assert answer.tools_listed
    assert (answer.noise, answer.noise_before_answer) == (("listing",), False)


@pytest.mark.parametrize("code", [0, 1, 42])
def test_exits_at_once(code: int, tmp_path: Path) -> None:
    answer = ask(tmp_path, f"sys.stderr.write('Traceback:\\n  \\x1b[1mboom\\n'); sys.exit({code})")
    assert answer.exit_code == code
    assert answer.stderr_tail == "Traceback:\n  \\x1b[1mboom\n"
    assert answer.stdout_closed
    assert not answer.answered
    assert not answer.timed_out


@posix
def test_killed_by_a_signal(tmp_path: Path) -> None:
    assert ask(tmp_path, "hear(); os.kill(os.getpid(), signal.SIGSEGV)").exit_code == -11


@posix
def test_exits_while_a_grandchild_holds_the_pipes(tmp_path: Path) -> None:
    body = f"""
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time\\n{FOREVER}"])
    note_pid(child.pid)
    sys.stderr.write("gone")
    sys.exit(3)
    """
    answer = ask(tmp_path, body, deadline_s=60)
    assert (answer.exit_code, answer.stderr_tail, answer.timed_out) == (3, "gone", False)


def test_closes_stdout_and_stays(tmp_path: Path) -> None:
    answer = ask(tmp_path, f"os.close(1)\n{FOREVER}", deadline_s=60)
    assert (answer.stdout_closed, answer.exit_code, answer.timed_out) == (True, None, False)


def test_never_answers(tmp_path: Path) -> None:
    answer = ask(tmp_path, f"sys.stderr.write('waiting'); sys.stderr.flush()\n{FOREVER}", deadline_s=1.5)
    assert answer.timed_out
    assert not answer.answered
    assert (answer.exit_code, answer.steps, answer.stderr_tail) == (None, (), "waiting")
    assert answer.waits_for == "initialize"
    assert answer.transcript[-1].endswith("deadline")


@posix
def test_never_answers_and_ignores_sigterm(tmp_path: Path) -> None:
    answer = ask(tmp_path, f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{FOREVER}", deadline_s=1.5)
    assert answer.timed_out


def test_answers_after_the_deadline(tmp_path: Path) -> None:
    answer = ask(tmp_path, "request = hear(); time.sleep(30); reply(request, GOOD)", deadline_s=1.0)
    assert answer.timed_out
    assert not answer.answered


def test_never_lists_its_tools(tmp_path: Path) -> None:
    answer = ask(tmp_path, f"reply(hear(), GOOD)\n{FOREVER}", deadline_s=2)
    assert answer.answered
    assert answer.timed_out
    assert not answer.tools_listed


def test_declares_no_tools(tmp_path: Path) -> None:
    answer = ask(tmp_path, f"reply(hear(), {{**GOOD, 'capabilities': {{}}}})\n{FOREVER}")
    assert answer.answered
    assert (answer.timed_out, answer.tools_listed, answer.tools) == (False, False, ())


@posix
@pytest.mark.parametrize(
    ("pattern", "ends"),
    [
        ("dd if=/dev/zero bs=1048576 count=1024", "flooded"),
        ("yes", "flooded"),
        ('yes {"jsonrpc":"2.0","method":"m"}', "flooded"),
        ("dd if=/dev/zero bs=1048576 count=1024 of=/dev/stderr", "timed_out"),
    ],
)
def test_a_flood_takes_neither_memory_nor_time(pattern: str, ends: str, tmp_path: Path) -> None:
    body = f"subprocess.run({pattern.split(' ')!r}, check=False)\n{FOREVER}"
    tracemalloc.start()
    try:
        answer = ask(tmp_path, body, deadline_s=3.0)
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert getattr(answer, ends) or answer.timed_out
    assert not answer.answered
    assert answer.bytes_stdout <= STDOUT_LIMIT + 1024 * 1024
    assert answer.noise_lines <= LINES_LIMIT + 8192
    assert answer.total_ms < 10_000
    assert len(answer.transcript) <= 40
    assert len(answer.stderr_tail) <= 65536 * 4


def test_never_reads_and_asks_without_end(tmp_path: Path) -> None:
    answer = ask(tmp_path, "at = 0\nwhile True: at += 1; say({'jsonrpc': '2.0', 'id': at, 'method': 'ping'})")
    assert answer.flooded
    assert not answer.answered


def test_asks_before_it_answers(tmp_path: Path) -> None:
    body = """
    request = hear()
    say({"jsonrpc": "2.0", "id": "a", "method": "ping"})
    pong = hear()
    say({"jsonrpc": "2.0", "id": "b", "method": "roots/list"})
    refusal = hear()
    assert pong == {"jsonrpc": "2.0", "id": "a", "result": {}}, pong
    assert refusal["id"] == "b" and refusal["error"]["code"] == -32601, refusal
    reply(request, GOOD)
    assert hear()["method"] == "notifications/initialized"
    serve()
    """
    answer = ask(tmp_path, body)
    assert answer.tools_listed, answer.stderr_tail


def test_replies_with_another_id(tmp_path: Path) -> None:
    answer = ask(tmp_path, f"hear(); reply({{'id': 99}}, GOOD)\n{FOREVER}", deadline_s=1.5)
    assert not answer.answered
    assert answer.stray_ids == ("99",)


def test_replies_with_result_and_error(tmp_path: Path) -> None:
    body = "say({'jsonrpc': '2.0', 'id': hear()['id'], 'result': GOOD, 'error': {'code': 1, 'message': 'x'}})\n"
    answer = ask(tmp_path, body + FOREVER, deadline_s=1.5)
    assert not answer.answered
    assert answer.noise_lines == 1


@pytest.mark.parametrize(
    ("change", "version", "raw", "valid"),
    [
        ("GOOD.pop('protocolVersion')", None, "", False),
        ("GOOD['protocolVersion'] = None", None, "null", False),
        ("GOOD['protocolVersion'] = 20251125", None, "20251125", False),
        ("GOOD['protocolVersion'] = 'newest'", "newest", '"newest"', False),
        ("GOOD['protocolVersion'] = '1999-01-01'", "1999-01-01", '"1999-01-01"', True),
    ],
)
def test_protocol_version(change: str, version: str | None, raw: str, valid: bool, tmp_path: Path) -> None:
    answer = ask(tmp_path, f"{change}\nserve()")
    assert answer.answered
    assert (answer.protocol_version, answer.protocol_version_raw, answer.protocol_version_valid) == (
        version,
        raw,
        valid,
    )


def test_refuses(tmp_path: Path) -> None:
    body = """
    error = {"code": -32022, "message": "Unsupported", "data": {"supported": ["2026-07-28"], "requested": "x"}}
    say({"jsonrpc": "2.0", "id": hear()["id"], "error": error})
    hear()
    """
    answer = ask(tmp_path, body)
    assert not answer.answered
    assert (answer.error_code, answer.error_message, answer.supported) == (
        -32022,
        "Unsupported",
        ("2026-07-28",),
    )
    assert (answer.exit_code, answer.timed_out) == (None, False)


def asked(asked_command: Command, **options: object) -> ServerAnswer:
    return asyncio.run(ask_server(asked_command, environ=environment(), deadline_s=10, **options))


def test_what_cannot_start(tmp_path: Path) -> None:
    assert asked(Command("/nowhere/uvx")).start_error == "ENOENT"
    assert asked(Command("a\0b")).start_error == "EINVAL"
    assert asked(Command(sys.executable, cwd=str(tmp_path / "missing"))).start_error == "ENOENT"


@posix
def test_what_cannot_be_executed(tmp_path: Path) -> None:
    script = tmp_path / "server"
    script.write_text("no program")
    assert asked(Command(str(script))).start_error == "EACCES"
    script.chmod(0o755)
    assert asked(Command(str(script))).start_error == "ENOEXEC"
    assert asked(Command(str(tmp_path))).start_error == "EACCES"


def test_the_resolved_program_is_executed(tmp_path: Path) -> None:
    named = dataclasses.replace(command(tmp_path, "serve()"), program="python-that-is-not-on-the-path")
    assert asked(named).start_error == "ENOENT"
    assert asked(named, program=sys.executable).answered


def test_in_another_thread(tmp_path: Path) -> None:
    answers: list[ServerAnswer] = []
    thread = threading.Thread(target=lambda: answers.append(ask(tmp_path, "serve()")))
    thread.start()
    thread.join()
    assert answers[0].tools_listed


@posix
@pytest.mark.parametrize("where", ["main thread", "other thread"])
def test_cancel_ends_the_tree(where: str, tmp_path: Path) -> None:
    body = f"""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time\\n{FOREVER}"])
    note_pid(child.pid)
    {FOREVER}
    """

    async def run() -> None:
        task = asyncio.ensure_future(ask_server(command(tmp_path, body), environ=environment(), deadline_s=600))
        await until_noted(tmp_path, 2)
        assert len(alive(tmp_path)) == 2
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert alive(tmp_path) == []

    if where == "main thread":
        asyncio.run(run())
        return
    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    thread.join()
    assert alive(tmp_path) == []


def test_a_deadline_of_the_caller_ends_the_tree(tmp_path: Path) -> None:
    async def run() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await ask_server(command(tmp_path, FOREVER), environ=environment(), deadline_s=600)
        assert alive(tmp_path) == []

    asyncio.run(run())


REAL_SERVER = """
from mcp.server.fastmcp import FastMCP

server = FastMCP("Real")

@server.tool()
def get_scene_info() -> str:
    return "{}"

server.run()
"""


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed, so the real SDK cannot be fetched")
def test_the_real_sdk(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text(REAL_SERVER, encoding="utf-8")
    arguments = ("run", "--with", "mcp==1.30.0", "--no-project", "python", str(tmp_path / "real.py"))
    run = Command("uv", arguments, cwd=str(tmp_path))
    answer = asyncio.run(ask_server(run, environ=os.environ, program=shutil.which("uv"), deadline_s=120))
    assert answer.answered, answer.stderr_tail
    assert (answer.server_name, answer.protocol_version) == ("Real", "2025-11-25")
    assert answer.tools == ("get_scene_info",)
    assert answer.noise == ()


def test_a_server_that_leaves_the_newer_question_unanswered_is_asked_in_the_older_way(tmp_path: Path) -> None:
    body = "assert hear()['method'] == 'server/discover'\nserve()"
    answer = ask(tmp_path, body, deadline_s=3, offers=("2026-07-28", "2025-11-25"))
    assert (answer.protocol_version, answer.offered) == ("2025-11-25", ("2026-07-28", "2025-11-25"))
    assert answer.tools


def test_a_batch_is_no_message_but_in_one_revision(tmp_path: Path) -> None:
    body = """
    GOOD["protocolVersion"] = VERSION
    reply(hear(), GOOD)
    hear()
    say([{"jsonrpc": "2.0", "id": hear()["id"], "result": {"tools": [{"name": "a", "inputSchema": {}}]}}])
    hear()
    """
    known = ask(tmp_path, body.replace("VERSION", "'2025-03-26'"))
    assert (known.tools, known.noise) == (("a",), ())
    other = ask(tmp_path, body.replace("VERSION", "'2025-11-25'"), deadline_s=2)
    assert (other.tools, len(other.noise)) == ((), 1)
