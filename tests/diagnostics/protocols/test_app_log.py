# SPDX-License-Identifier: GPL-3.0-or-later
"""Every shape of an AI app's log, cut anywhere and full of anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.app_log import TEXT_LIMIT, Record, records, since_last_start
from diagnostics.protocols.logged_session import about_cancelled, read_session

from .. import app_logs


def read(text: str) -> tuple[Record, ...]:
    return records(text.encode())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "level", "server", "said"),
    [
        (app_logs.OF_2024, "error", "fetch", "Error in MCP connection to server fetch: Error: spawn uvx ENOENT"),
        (
            "2025-03-12T07:12:45.384Z [blender] [info] Initializing server...",
            "info",
            "blender",
            "Initializing server...",
        ),
        (
            "2025-04-23T18:37:36.437Z [info] [claude-autoapprove-mcp] Initializing server...",
            "info",
            "claude-autoapprove-mcp",
            "Initializing server...",
        ),
        ("2025-04-23T18:37:36.437Z [info] [error] x", "info", "error", "x"),
        ("2025-03-12T07:12:45.384Z [3D model] [error] no\r", "error", "3D model", "no"),
        ("2025-03-12T07:12:45.384Z said without brackets", "", "", "said without brackets"),
        ("2025-03-12T07:12:45.384Z [a] [b] said", "", "", "[a] [b] said"),
        ('2025-03-12T07:12:45.384Z [debug] MCP server "blender": Connection failed', "debug", "blender", None),
    ],
)
def test_what_stands_before_a_line(text: str, level: str, server: str, said: str | None) -> None:
    (record,) = read(text)
    assert (record.level, record.server) == (level, server)
    assert said is None or record.text == said
    assert record.when is not None
    assert record.when.tzinfo is not None
    assert not record.printed


def test_a_block_belongs_to_the_line_that_begins_it() -> None:
    told = read(app_logs.BLOCKS)
    assert [record.text.partition("\n")[0][:20] for record in told] == [
        "Initializing server.",
        "Initializing server.",
        "Using MCP server com",
        "spawn uvx ENOENT {",
    ]
    assert told[2].text.endswith("} %o")
    assert "'/opt/homebrew/bin'" in told[2].text
    assert told[3].text.endswith("}")


def test_lines_without_a_beginning_are_what_the_server_printed() -> None:
    told = read(app_logs.TRACEBACK)
    (printed,) = [record for record in told if record.printed]
    assert printed.text.startswith("Traceback")
    assert printed.text.endswith("No module named 'mcp.server.fastmcp'")
    assert printed.when == at("2025-09-01T10:00:00.020")
    assert told[-1].text.startswith("Server disconnected")


def test_what_is_indented_is_not_always_a_block() -> None:
    told = read(
        "2025-05-04T10:47:35.071Z [blender] [info] Message from client: {}\n  × No solution found\n"
        "2025-05-04T10:47:35.071Z [blender] [error] Error: no\n    at ChildProcess\n  × Failed\n"
        "2025-05-04T10:47:35.071Z [blender] [error] no {\n  a: [\n  ]\n}\n  after\n"
    )
    assert [record.text for record in told if record.printed] == ["  × No solution found", "  × Failed", "  after"]
    assert told[2].text == "Error: no\n    at ChildProcess"


def test_a_logger_of_the_server_has_its_own_time_here() -> None:
    record = read("2025-05-04 12:47:36,826 - BlenderMCPServer - ERROR - no\n  more")[0]
    assert (record.level, record.printed, record.text) == ("error", True, "- BlenderMCPServer - ERROR - no\n  more")
    assert record.when == datetime(2025, 5, 4, 12, 47, 36, 826000).astimezone()


def test_what_vs_code_writes() -> None:
    told = read(app_logs.VS_CODE)
    assert told[0].when == datetime(2026, 5, 23, 23, 59, 18, 247000).astimezone()
    assert [record.printed for record in told] == [False] * 4 + [True, False]
    assert "BlenderMCP server starting up\nTraceback" in told[4].text
    assert told[4].text.endswith("fastmcp'")


def test_what_claude_code_writes() -> None:
    told = read(app_logs.CLAUDE_CODE)
    assert [record.level for record in told] == ["debug", "error", "debug"]
    assert told[1].printed
    assert told[1].text == "Downloading numpy (16.0MiB)"
    assert told[2].when == at("2026-07-31T10:20:39.436")


@pytest.mark.parametrize("line", ['{"a": 1}', '{"error": 1}', "[1]", "{", '{"error": "x", "timestamp": "never"}', "{}"])
def test_json_that_is_something_else(line: str) -> None:
    assert all(record.when is None for record in read(line))


def test_a_time_that_there_is_not() -> None:
    assert read("2025-99-12T07:12:45.384Z [blender] [info] x")[0].when is None


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    told = records(since_last_start(data) or data)
    assert all(record.text for record in told if not record.printed or record.text)
    read_session(told)


pieces = st.sampled_from(
    [
        *"{}[]\n\r\t \x00\x1b",
        *(
            "2025-03-12T07:12:45.384Z ",
            "[info] ",
            "[blender] ",
            "[server stderr] ",
            "Message from client: ",
            '{"method":',
        ),
        *(
            '"initialize"',
            '"id":0',
            "Initializing server...",
            "spawn uvx ENOENT",
            '{"error":"x","timestamp":"2025-01-01"}',
        ),
        *("notifications/cancelled", '"requestId":0', "Request timed out", "paths: [", "  ", "\ufeff", "\ud7ff"),
    ]
)


@given(st.lists(pieces, max_size=60).map("".join))
def test_any_mixture_of_what_logs_are_made_of(text: str) -> None:
    data = text.encode()
    read_session(records(since_last_start(data, "blender") or data, cut=True))
    about_cancelled(data)


@pytest.mark.parametrize("text", list(app_logs.EVERY.values()), ids=list(app_logs.EVERY))
def test_a_log_may_be_cut_anywhere(text: str) -> None:
    data = text.encode()
    whole = {record.text for record in records(data)}
    for begin in range(0, len(data), 7):
        for record in records(data[begin:], cut=True):
            assert record.text in whole or any(record.text in one for one in whole)


def test_a_record_is_bounded() -> None:
    long = f"2025-03-12T07:12:45.384Z [blender] [info] {'x' * 10**6}END {{"
    (record,) = read(long + "\n  more" * 10_000)
    assert len(record.text) < TEXT_LIMIT + 1000
    assert "END" in record.text
    deep = "[" * 60_000
    assert read(f'{{"error": {deep}')[0].printed


def test_the_last_start_is_what_counts() -> None:
    data = (app_logs.NOT_FOUND + app_logs.STARTED).encode()
    assert since_last_start(data) == app_logs.STARTED.encode()
    assert since_last_start(app_logs.BLOCKS.encode()) == app_logs.BLOCKS.encode(), "one start, announced twice"
    assert since_last_start(b"no start\nat all") is None
    assert since_last_start(app_logs.OF_ALL.encode(), "weather") == app_logs.OF_ALL.encode()
    assert since_last_start(app_logs.OF_ALL.encode(), "blender").startswith(b"2025-04-23T18:37:37.437Z")


@pytest.mark.parametrize(
    "text",
    [
        "Initializing server",
        "2025-05-04 12:47:36,826 - BlenderMCPServer - INFO - Starting server on 9876",
        '2025-05-04T10:47:35.061Z [blender] [info] Message from client: {"params":"Starting server x"}',
        "2025-05-04T10:47:35.061Z [warning] [server stderr] Starting server x",
    ],
)
def test_what_others_say_about_starting_is_no_start(text: str) -> None:
    assert since_last_start(f"{app_logs.STARTED}{text}\n".encode()) == f"{app_logs.STARTED}{text}\n".encode()


@pytest.mark.parametrize("text", [app_logs.VS_CODE, app_logs.VS_CODE_NOT_FOUND, app_logs.CLAUDE_CODE])
def test_how_other_apps_announce_a_start(text: str) -> None:
    assert since_last_start((text + text.replace("2026-", "2027-")).encode()) == text.replace("2026-", "2027-").encode()


def test_how_long_an_app_waited() -> None:
    for text, limit_s in ((app_logs.TIMED_OUT, 60), (app_logs.TIMED_OUT_2026, 60), (app_logs.CLAUDE_CODE, 30)):
        session = read_session(read(text))
        assert session.cut_off is not None
        assert session.limit_s is not None
        assert abs(session.limit_s - limit_s) < 0.1
        assert session.answered is None


def test_how_far_a_start_came() -> None:
    session = read_session(read(app_logs.STARTED))
    assert session.spawned is not None
    assert session.answered is not None
    assert session.cut_off is None
    assert [request.method for request in session.requests if request.answered] == ["initialize", "tools/list"]
    assert read_session(read(app_logs.NOT_FOUND)).spawned is None
    assert read_session(read(app_logs.BLOCKS)).paths == ("/usr/local/bin", "/opt/homebrew/bin", "/usr/bin")
    code = read_session(read(app_logs.VS_CODE))
    assert code.spawned is not None
    assert code.answered is not None


def test_an_answer_after_the_limit_is_still_one() -> None:
    late = app_logs.CLAUDE_CODE + json.dumps(
        {"debug": "Successfully connected to stdio server", "timestamp": "2026-07-31T10:21:00Z"}
    )
    session = read_session(read(late))
    assert session.cut_off is None
    assert session.answered is not None


def test_the_id_of_a_message_is_not_one_of_its_arguments() -> None:
    for size in (1, 20_000):
        code = "x" * size
        call = f'{{"method":"tools/call","params":{{"arguments":{{"id":"7","code":"{code}"}}}},"jsonrpc":"2.0","id":3}}'
        cancel = (
            '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3,"reason":"Request timed out"}}'
        )
        begin = "2025-05-04T10:4{}:35.061Z [blender] [info] Message from client: {} {{ metadata: undefined }}"
        session = read_session(read(f"{begin.format(0, call)}\n{begin.format(4, cancel)}\n"))
        assert [request.waited_s for request in session.of_method("tools/call")] == [240.0]


def said(who: str, message: str, at: str = "10:40:35", end: str = "") -> str:
    return f"2025-05-04T{at}.061Z [blender] [info] Message from {who}: {message}{end}\n"


def in_claude_code(who: str, message: str, at: str = "10:40:35", end: str = "") -> str:
    line = {"debug": f"Message from {who}: {message}{end}", "timestamp": f"2025-05-04T{at}.061Z"}
    return json.dumps(line) + "\n"


CALL, OTHER = '{"method":"tools/call","jsonrpc":"2.0","id":5}', '{"method":"tools/call","jsonrpc":"2.0","id":55}'
CANCEL = '{"method":"notifications/cancelled","params":{"requestId":5,"reason":"Request timed out"}}'
LONG = f'{{"method":"tools/call","params":"{"x" * 20_000}","jsonrpc":"2.0","id":5}}'
PRINTED = "2025-05-04 12:47:36,826 - BlenderMCPServer - INFO - id: 5\n"


@pytest.mark.parametrize(
    ("log", "waited_s"),
    [
        (said("client", CALL) + PRINTED + said("client", CANCEL, "10:44:35"), 240.0),
        (said("client", LONG) + said("client", CANCEL, "10:44:35"), 240.0),
        (said("client", CALL) + said("client", OTHER, "10:42:35") + said("client", CANCEL, "10:44:35"), 240.0),
        (said("client", CALL) + said("client", CALL, "10:43:35") + said("client", CANCEL, "10:44:35"), 60.0),
        (in_claude_code("client", CALL) + in_claude_code("client", CANCEL, "10:44:35"), 240.0),
        (
            said("client", 'method="tools/call" id=5')
            + said("client", 'method="notifications/cancelled" requestId=5 reason="Request timed out"', "10:44:35"),
            240.0,
        ),
        (
            said("client", CALL)
            + said("client", '{"method":"notifications/cancelled","params":{"requestId":5}}', "10:44:35", " {")
            + "  metadata: { reason: 'Request timed out' }\n}\n",
            240.0,
        ),
        (said("client", OTHER) + said("client", CANCEL, "10:44:35"), None),
        (said("client", CALL) + said("server", '{"id":5,"result":{}}') + said("client", CANCEL, "10:44:35"), None),
        (said("client", CALL) + said("client", CANCEL.replace("timed out", "stopped"), "10:44:35"), None),
        (said("client", CALL), None),
    ],
    ids=[
        *("JSON", "a long one", "beside another", "an id used twice", "Claude Code", "a summary", "over several lines"),
        *("another's id", "answered", "stopped by the user", "none was taken back"),
    ],
)
def test_what_is_about_cancelled_requests_tells_all_about_them(log: str, waited_s: float | None) -> None:
    chatter = said("server", '{"id":4,"result":{}}') + PRINTED * 3
    whole = (chatter + log.replace("\n2025", f"\n{chatter}2025") + chatter).encode()
    part = about_cancelled(whole)
    told = [read_session(records(text)).of_method("tools/call") for text in (whole, part)]
    waited = [[call.waited_s for call in calls if call.cancelled is not None] for calls in told]
    assert waited == [[] if waited_s is None else [waited_s]] * 2
    assert part.count(b"requestId") == whole.count(b"requestId")


def test_a_log_without_a_cancelled_request_has_nothing_about_one() -> None:
    assert about_cancelled((said("client", CALL) * 3).encode()) == b""
    assert about_cancelled(b"notifications/cancelled") == b""


def test_a_summary_of_an_answer() -> None:
    text = (
        '2026-05-04T10:47:35.061Z [blender] [info] Message from client: method="tools/call" id=3\n'
        "2026-05-04T10:47:36.061Z [blender] [info] Message from server: id=3 result(1 blocks)\n"
    )
    assert read_session(read(text)).of_method("tools/call")[0].answered is not None
