# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501  # logs are quoted line by line
"""What the logs of an AI app add to a diagnosis, and what they must not."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from diagnostics.model import Report, Verdict
from diagnostics.reports import render

from .. import app_logs
from ..app_logs import configured_on, moved, soon, write_log
from ..peers import addon, listening
from ..runs import Doctor, closed_port, found, ids, row, said

ENTRY = {"command": "/bin/sh", "args": ["blender"]}
UVX = {"command": "uvx", "args": ["mcp-for-blender"]}


@pytest.fixture
def logged(doctor: Doctor) -> Doctor:
    """A machine with an entry that can be started, configured before all logs."""
    doctor.configure(ENTRY)
    configured_on(doctor, "2024-01-01")
    return doctor


def look(doctor: Doctor, *links: str, **target: object) -> Report:
    return doctor.run(only=links or ("client", "launcher"), **target)


def all_links(doctor: Doctor, **target: object) -> Report:
    return doctor.run(host="127.0.0.1", port=closed_port(), **target)


def uvx(doctor: Doctor, log: str = "", **entry: object) -> Path:
    """An app that is to find `uvx` by its name, and does by the model."""
    tool = doctor.script("bin/uvx", "")
    doctor.configure(UVX | {"env": {"PATH": str(tool.parent)}} | entry)
    configured_on(doctor, "2024-01-01")
    if log:
        write_log(doctor, log)
    return tool


LATE = [app_logs.NOT_FOUND, app_logs.BLOCKS]


@pytest.mark.parametrize("log", LATE)
def test_the_app_did_not_find_what_the_model_finds(doctor: Doctor, log: str) -> None:
    uvx(doctor, moved(log, soon()))
    report = look(doctor)
    assert report.root_cause == "launcher.not-found"
    told = found(report, "launcher.not-found")
    assert told.evidence["found_at"] == "~/bin/uvx"
    assert str(told.evidence["log_line"]).startswith("spawn uvx ENOENT")
    assert told.evidence["log_file"] == "~/.config/Claude/logs/mcp-server-blender.log"
    assert str(told.evidence["logged_at"])[:10] in told.detail
    assert "The log of Claude Desktop says so" in told.detail
    assert told.evidence.get("searched") == (
        ("/usr/local/bin", "/opt/homebrew/bin", "/usr/bin") if log is app_logs.BLOCKS else None
    )


def test_what_was_installed_after_the_log_may_be_found_now(doctor: Doctor) -> None:
    uvx(doctor, app_logs.NOT_FOUND)
    assert ids(look(doctor)) == ["launcher.consent-needed"]


def test_a_file_that_is_there_is_no_matter_of_search(doctor: Doctor) -> None:
    tool = doctor.script("bin/uvx", "")
    doctor.configure(UVX | {"command": str(tool)})
    configured_on(doctor, "2024-01-01")
    write_log(doctor, moved(app_logs.NOT_FOUND, soon()))
    assert ids(look(doctor)) == ["launcher.consent-needed"]


@pytest.mark.parametrize(
    "log",
    [
        app_logs.NOT_FOUND.replace("[blender]", "[weather]").replace("uvx", "npx"),
        app_logs.NOT_FOUND.replace("spawn uvx", "spawn node"),
        "2025-03-27T07:27:55.706Z [blender] [info] Initializing server...\n[Runner] Child process error: spawn uvx ENOENT\n",
    ],
    ids=["another server", "another program", "printed by the server"],
)
def test_what_another_did_not_find(doctor: Doctor, log: str) -> None:
    uvx(doctor, moved(log, soon()))
    assert ids(look(doctor)) == ["launcher.consent-needed"]


def test_another_servers_log_is_not_read(doctor: Doctor) -> None:
    uvx(doctor)
    write_log(doctor, moved(app_logs.NOT_FOUND, soon()), "mcp-server-blender-2.log")
    report = look(doctor)
    assert ids(report) == ["launcher.consent-needed"]
    assert not any(name.endswith("blender-2.log") for name in report.did.read)


def test_a_log_about_all_servers(doctor: Doctor) -> None:
    uvx(doctor)
    write_log(doctor, moved(app_logs.OF_ALL, soon()), "mcp.log")
    assert found(look(doctor), "launcher.not-found").evidence["log_line"] == "spawn uvx ENOENT"
    write_log(doctor, moved(app_logs.OF_ALL.replace("[blender]", "[other]"), soon()), "mcp.log")
    assert ids(look(doctor)) == ["launcher.consent-needed"]


def test_the_oldest_format(doctor: Doctor) -> None:
    uvx(doctor)
    write_log(doctor, moved(app_logs.OF_2024.replace("fetch", "blender"), soon()), "mcp.log")
    assert "launcher.not-found" in ids(look(doctor))
    write_log(doctor, moved(app_logs.OF_2024, soon()), "mcp.log")
    assert "launcher.not-found" not in ids(look(doctor))


def test_a_log_that_is_older_than_the_configuration_proves_nothing(logged: Doctor) -> None:
    for log in app_logs.EVERY.values():
        write_log(logged, log)
        logged.configure(ENTRY)
        assert ids(look(logged, "client", "launcher", "server")) == ["launcher.consent-needed"]
    configured_on(logged, "2024-01-01")
    write_log(logged, app_logs.TRACEBACK)
    assert "server.sdk-incompatible" in ids(look(logged, "server"))


def test_it_started_after_it_had_failed(doctor: Doctor) -> None:
    uvx(doctor, moved(app_logs.NOT_FOUND + app_logs.STARTED.replace("2025-05", "2025-06"), soon()))
    report = look(doctor, "client", "launcher", "server")
    assert ids(report) == ["launcher.consent-needed"]


def test_the_model_says_nothing_where_the_log_shows_that_it_starts(doctor: Doctor) -> None:
    tool = doctor.script("shell bin/blender-tool", "")
    doctor.environ["PATH"] = str(tool.parent)
    doctor.configure({"command": "blender-tool"})
    configured_on(doctor, "2024-01-01")
    assert "launcher.not-found" in ids(look(doctor))
    write_log(doctor, app_logs.STARTED)
    report = look(doctor)
    assert ids(report) == ["launcher.consent-needed"]
    assert row(report, "launcher").summary == "~/shell bin/blender-tool"


def test_a_program_that_only_the_app_finds(doctor: Doctor) -> None:
    doctor.configure({"command": "blender-tool"})
    configured_on(doctor, "2024-01-01")
    write_log(doctor, app_logs.STARTED)
    report = look(doctor, "client", "launcher", "server")
    assert report.findings == ()
    assert report.verdict is Verdict.UNKNOWN
    assert row(report, "launcher").verdict is Verdict.UNKNOWN
    assert row(report, "server").summary == "not started: its program was not found"


def test_an_older_start_does_not_withdraw_it(doctor: Doctor) -> None:
    doctor.configure({"command": "blender-tool"})
    write_log(doctor, app_logs.STARTED)
    assert "launcher.not-found" in ids(look(doctor))


def test_a_break_of_the_sdk(logged: Doctor) -> None:
    write_log(logged, app_logs.TRACEBACK)
    report = look(logged, "server")
    told = found(report, "server.sdk-incompatible")
    assert told.evidence["log_line"] == "ModuleNotFoundError: No module named 'mcp.server.fastmcp'"
    assert told.evidence["pin"] == "mcp<2"
    assert row(report, "server").verdict is Verdict.FAIL


def test_a_missing_part_of_the_server(logged: Doctor) -> None:
    write_log(logged, app_logs.TRACEBACK.replace("mcp.server.fastmcp", "blender_mcp"))
    assert found(look(logged, "server"), "server.sdk-missing").evidence["module"] == "blender_mcp"
    write_log(logged, app_logs.TRACEBACK.replace("mcp.server.fastmcp", "numpy"))
    assert "server.sdk-missing" not in ids(look(logged, "server"))


@pytest.mark.parametrize("log", [app_logs.TIMED_OUT, app_logs.TIMED_OUT_2026])
def test_the_app_waited_in_vain(logged: Doctor, log: str) -> None:
    write_log(logged, log)
    report = all_links(logged)
    told = found(report, "client.start-timeout")
    assert told.evidence["limit_s"] == 60
    assert "waited 60 s" in told.detail
    assert row(report, "client").verdict is Verdict.FAIL
    assert told.remedies


def test_an_answer_in_time_is_no_timeout(logged: Doctor) -> None:
    write_log(logged, app_logs.STARTED)
    assert "client.start-timeout" not in ids(all_links(logged))


def test_what_else_explains_the_waiting_counts(logged: Doctor) -> None:
    write_log(
        logged,
        app_logs.TIMED_OUT.replace(
            "Downloading pydantic-core (1.9MiB)",
            "TypeError: FastMCP.__init__() got an unexpected keyword argument 'description'",
        ),
    )
    report = all_links(logged)
    assert "server.sdk-incompatible" in ids(report)
    assert "client.start-timeout" not in ids(report)


SERVER = """
import json, sys
for line in sys.stdin:
    ask = json.loads(line)
    if "id" in ask:
        info = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "blender", "version": "1"}}
        print(json.dumps({"jsonrpc": "2.0", "id": ask["id"], "result": info}), flush=True)
"""


@pytest.mark.parametrize("log", [app_logs.TIMED_OUT, app_logs.TRACEBACK, "POLLUTED"])
def test_a_server_that_answers_now_counts_more(doctor: Doctor, log: str) -> None:
    tool = doctor.script("blender-tool", SERVER)
    doctor.configure({"command": str(tool)})
    configured_on(doctor, "2024-01-01")
    polluted = "2025-05-04T10:47:35.061Z [blender] [error] Unexpected token 'S', \"Starting\" is not valid JSON\n"
    write_log(doctor, polluted if log == "POLLUTED" else log)
    report = all_links(doctor, launch=True)
    assert not {"client.start-timeout", "server.sdk-incompatible", "server.stdout-polluted"} & set(ids(report))


def test_the_same_cause_is_not_told_twice(doctor: Doctor) -> None:
    tool = doctor.script(
        "blender-tool", "import sys\nsys.exit(\"ModuleNotFoundError: No module named 'mcp.server.fastmcp'\")\n"
    )
    doctor.configure({"command": str(tool)})
    configured_on(doctor, "2024-01-01")
    write_log(doctor, app_logs.TRACEBACK)
    report = all_links(doctor, launch=True)
    assert ids(report).count("server.sdk-incompatible") == 1
    assert "log_line" not in found(report, "server.sdk-incompatible").evidence


def test_text_where_only_messages_may_be(logged: Doctor) -> None:
    line = "2025-05-04T10:47:36.000Z [blender] [error] Unexpected token 'S', \"Starting...\" is not valid JSON\n"
    begin = app_logs.STARTED.splitlines(keepends=True)
    write_log(logged, "".join(begin[:3]) + line)
    assert found(look(logged, "server"), "server.stdout-polluted").verdict is Verdict.FAIL
    write_log(logged, app_logs.STARTED + line)
    assert found(look(logged, "server"), "server.stdout-polluted").verdict is Verdict.WARN


CALL = '2025-05-04T10:50:00.000Z [blender] [info] Message from client: {"method":"tools/call","params":{"name":"execute_blender_code","arguments":{"code":"print(\'spawn uvx ENOENT\')"}},"jsonrpc":"2.0","id":2}\n'
CUT = '2025-05-04T10:54:00.000Z [blender] [info] Message from client: {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2,"reason":"McpError: MCP error -32001: Request timed out"}}\n'
GAVE_UP = "2025-05-04T10:54:00.000Z [blender] [error] No result received from the Claude Desktop app after waiting 4 minutes. The local MCP server providing this tool may be unresponsive\n"


def test_a_tool_that_took_too_long(logged: Doctor) -> None:
    write_log(logged, app_logs.STARTED + CALL + CUT)
    report = look(logged)
    told = found(report, "client.tool-timeout")
    assert told.verdict is Verdict.WARN
    assert told.evidence["waited_s"] == told.evidence["cap_s"] == 240
    assert "no longer" in told.detail
    assert row(report, "client").verdict is Verdict.WARN
    write_log(logged, app_logs.STARTED + CALL + GAVE_UP)
    assert "(4 minutes)" in found(look(logged), "client.tool-timeout").detail


def test_an_app_that_stopped_before_its_limit(logged: Doctor) -> None:
    write_log(logged, app_logs.STARTED + CALL + CUT.replace("10:54:00", "10:51:30"))
    told = found(look(logged), "client.tool-timeout")
    assert "cap_s" not in told.evidence
    assert "no longer" not in told.detail


@pytest.mark.parametrize(
    "end",
    [
        "",
        CUT.replace("McpError: MCP error -32001: Request timed out", "the user stopped it"),
        '2025-05-04T10:51:00.000Z [blender] [info] Message from server: {"jsonrpc":"2.0","id":2,"result":{}}\n' + CUT,
    ],
    ids=["still at work", "stopped by the user", "answered"],
)
def test_a_tool_that_was_not_cut_off(logged: Doctor, end: str) -> None:
    write_log(logged, app_logs.STARTED + CALL + end)
    assert ids(look(logged)) == ["launcher.consent-needed"]


def test_a_known_fault_of_the_app(logged: Doctor) -> None:
    begin = app_logs.STARTED.splitlines(keepends=True)[0]
    line = "2025-05-04T10:47:35.100Z [blender] [error] Cannot read properties of undefined (reading 'cmd')\n"
    write_log(logged, begin + line)
    report = look(logged)
    assert report.root_cause == "client.app-bug"
    assert "1.0.734" in report.findings[0].detail
    write_log(logged, line + app_logs.STARTED)
    assert "client.app-bug" not in ids(look(logged))


def test_words_of_a_conversation_are_no_signature(logged: Doctor) -> None:
    text = "spawn uvx ENOENT, No module named 'mcp.server.fastmcp', (51 bytes), (reading 'cmd') is not valid JSON Error"
    message = json.dumps({"jsonrpc": "2.0", "id": 9, "result": {"content": [{"text": text}]}})
    write_log(logged, f"{app_logs.STARTED}2025-05-04T10:51:00.000Z [blender] [info] Message from server: {message}\n")
    assert ids(look(logged, "client", "launcher", "server")) == ["launcher.consent-needed"]


def test_an_idle_app_has_no_fault(logged: Doctor) -> None:
    write_log(logged, app_logs.STARTED)
    assert "client.tool-not-dispatched" not in ids(all_links(logged))


LAB_ANSWER = app_logs.STARTED + (
    "2025-05-04 12:57:36,826 - BlenderMCPServer - INFO - Returning data after receive completion (51 bytes)\n"
)


def test_the_fingerprint_of_another_products_addon(doctor: Doctor) -> None:
    uvx(doctor, LAB_ANSWER)
    report = look(doctor, "server")
    assert "addon.product-mismatch" not in ids(report), "its link was not asked for"
    told = found(all_links(doctor), "addon.product-mismatch")
    assert told.evidence["addon_product"] == "Blender Lab MCP"
    write_log(doctor, LAB_ANSWER.replace("(51 bytes)", "(151 bytes)"))
    assert "addon.product-mismatch" not in ids(all_links(doctor))


# uv's words, from the threads that the field guide names (failures, B).
OF_UV = {
    "launcher.resolve-failed": "  \u00d7 No solution found when resolving tool dependencies:\n  \u2570\u2500\u25b6 Because blender-mcp==99 needs more than there is\n",
    "launcher.tls-intercepted": "error: Failed to fetch: `https://index.example/simple/mcp/`\n  Caused by: invalid peer certificate: UnknownIssuer\n",
    "launcher.cache-locked": "error: failed to rename file from a to b: Access is denied. (os error 5)\n",
    "launcher.build-failed": "  \u00d7 Failed to build `pyiceberg==0.11.1`\n",
    "launcher.python-unsuitable": "  \u00d7 No solution found when resolving tool dependencies:\n  \u2570\u2500\u25b6 Because the current Python version (3.9.6) does not satisfy Python>=3.10 and all versions of blender-mcp depend on Python>=3.10\n",
}


@pytest.mark.parametrize("cause", OF_UV)
def test_what_uv_says_is_understood_as_ever(doctor: Doctor, cause: str) -> None:
    uvx(doctor)
    begin = "".join(app_logs.STARTED.splitlines(keepends=True)[:3])
    write_log(doctor, begin + "Downloading something\n" * 3000 + OF_UV[cause])
    told = found(look(doctor, "server"), cause)
    assert told.evidence["log_line"] in " ".join(OF_UV[cause].split())
    assert told.evidence["reason_lines"]
    write_log(doctor, app_logs.STARTED + OF_UV[cause])
    assert cause not in ids(look(doctor, "server")), "the server started"


SECRETS = {
    "MY_VALUE": "kwzxkwzxkwzx hunter",
    "SPLIT": "zzkwxxkwzzxw" * 4,
}


def test_nothing_secret_of_a_log_is_shown(doctor: Doctor) -> None:
    doctor.environ["SESSION_TOKEN"] = "xwkzxwkzxwkz"
    doctor.configure(ENTRY | {"env": SECRETS})
    configured_on(doctor, "2024-01-01")
    planted = [*SECRETS.values(), "xwkzxwkzxwkz"]
    leaks = (
        f"{' '.join(planted)} --token wwkkxxzzwwkk https://ada:kkkzzzwwwxxx@example.org/?key=zzzkkkxxxwww "
        f"Authorization: Bearer wkwkwkxzxzxz sk-xkzwxkzwxkzwxkzwxkzw {'.' * 40} {SECRETS['SPLIT'] * 4}"
    )
    begin = "".join(app_logs.STARTED.splitlines(keepends=True)[:3])
    lines = [
        f"2025-05-04T10:47:36.000Z [blender] [error] {leaks} Unexpected token 'S' is not valid JSON {leaks}",
        f"ModuleNotFoundError: No module named 'mcp.server.fastmcp' {leaks}",
        f"2025-05-04T10:47:36.000Z [blender] [error] {leaks} (reading 'cmd') Cannot read properties of undefined (reading 'cmd') {leaks}",
        f'2025-05-04T10:48:35.071Z [blender] [info] Message from client: {{"method":"notifications/cancelled","params":{{"requestId":0,"reason":"Request timed out {leaks}"}}}}',
    ]
    seen = set()
    for line in lines:
        write_log(doctor, f"{begin}{line}\n")
        report = all_links(doctor)
        seen |= set(ids(report))
        everything = (
            repr(report)
            + repr(doctor.events)
            + "".join(render(report, form, verbose=True) for form in ("text", "json"))
            + render(report, "text", verbose=True, exact=True)
        )
        for piece in ("kwzxkwzx", "zzkwxxkw", "xwkzxwkz", "wwkkxx", "kkkzzz", "zzzkkk", "wkwkwk", "sk-xkzw"):
            assert piece not in everything, (piece, line[:80])
    assert {"server.stdout-polluted", "server.sdk-incompatible", "client.app-bug", "client.start-timeout"} <= seen


def test_what_steers_a_terminal_is_shown_as_text(logged: Doctor) -> None:
    hostile = "\x1b]52;c;eA==\x07\x1b[31m\u202e\x9b1m"
    write_log(logged, app_logs.TRACEBACK.replace("ModuleNotFoundError", f"{hostile}ModuleNotFoundError"))
    report = look(logged, "server")
    told = found(report, "server.sdk-incompatible")
    shown = said(told) + str(told.evidence) + render(report, "text", verbose=True) + render(report, "json")
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(shown)
    assert "\\x1b]52" in str(told.evidence["log_line"])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")
def test_a_log_that_cannot_be_read_harms_nothing(logged: Doctor) -> None:
    file = write_log(logged, "")
    file.unlink()
    os.mkfifo(file)
    report = look(logged)
    assert ids(report) == ["launcher.consent-needed"]
    notes = next(check.transcript for check in report.checks if check.id == "client.log")
    assert "no regular file" in notes[0]


def test_what_was_read_is_in_the_ledger(logged: Doctor) -> None:
    write_log(logged, app_logs.STARTED)
    assert "~/.config/Claude/logs/mcp-server-blender.log" in look(logged).did.read


@pytest.mark.parametrize("platform", app_logs.LOGS)
def test_where_each_system_keeps_them(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    doctor.configure(UVX)
    configured_on(doctor, "2024-01-01")
    file = write_log(doctor, app_logs.STARTED)
    assert f"~/{file.relative_to(doctor.home).as_posix()}" in look(doctor).did.read


def test_the_packaged_app_of_windows(doctor: Doctor) -> None:
    doctor.platform = "win32"
    base = doctor.home / "AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude"
    (base / "logs").mkdir(parents=True)
    (base / "claude_desktop_config.json").write_text(json.dumps({"mcpServers": {"blender": UVX}}))
    os.utime(base / "claude_desktop_config.json", (0, 0))
    (base / "logs/mcp-server-blender.log").write_text(app_logs.NOT_FOUND)
    told = found(look(doctor), "launcher.not-found")
    assert "AppData/Local/Packages" in str(told.evidence["log_file"])


def test_a_log_that_has_just_been_put_aside(doctor: Doctor) -> None:
    uvx(doctor)
    begin, *rest = moved(app_logs.NOT_FOUND, soon()).splitlines(keepends=True)
    write_log(doctor, begin, "mcp-server-blender.old.log")
    write_log(doctor, "".join(rest))
    assert "launcher.not-found" in ids(look(doctor))
    write_log(doctor, "")
    assert "launcher.not-found" not in ids(look(doctor))


def test_a_huge_log(logged: Doctor) -> None:
    filler = b"2025-01-01T00:00:00.000Z [blender] [info] spawn uvx ENOENT\n" * 20_000
    file = write_log(logged, filler)
    with file.open("ab") as log:
        log.truncate(50 << 20)
        log.seek(0, os.SEEK_END)
        log.write(b"\n" + app_logs.TRACEBACK.encode())
    assert "server.sdk-incompatible" in ids(look(logged, "server"))


def healthy(doctor: Doctor, log: str, **target: object) -> Report:
    """All links, where an add-on answers."""
    with listening(addon()) as peer:
        path = str(doctor.script("bin/uvx", "").parent)
        doctor.configure(UVX | {"env": {"PATH": path, "BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(peer.port)}})
        configured_on(doctor, "2024-01-01")
        write_log(doctor, log)
        return doctor.run(host="127.0.0.1", port=peer.port, **target)


def test_a_tool_that_the_app_never_asked_for(doctor: Doctor) -> None:
    report = healthy(doctor, app_logs.STARTED + GAVE_UP)
    told = found(report, "client.tool-not-dispatched")
    assert report.root_cause == told.id
    assert "never asked the server" in told.detail
    assert "client.tool-timeout" not in ids(report)


@pytest.mark.parametrize(
    "log", [app_logs.STARTED, app_logs.STARTED + CALL + GAVE_UP, app_logs.TIMED_OUT + GAVE_UP.replace("05-04", "10-13")]
)
def test_what_is_no_tool_that_was_never_asked_for(doctor: Doctor, log: str) -> None:
    assert "client.tool-not-dispatched" not in ids(healthy(doctor, log))


def test_where_blender_does_not_answer_the_app_may_be_well(doctor: Doctor) -> None:
    uvx(doctor, app_logs.STARTED + GAVE_UP)
    assert "client.tool-not-dispatched" not in ids(all_links(doctor))


def test_an_addon_that_answers_now_is_known_better(doctor: Doctor) -> None:
    assert "addon.product-mismatch" not in ids(healthy(doctor, LAB_ANSWER))


def test_a_short_form_that_the_app_expands_after_all(doctor: Doctor) -> None:
    doctor.script("bin/blender-tool", "")
    doctor.configure({"command": "~/bin/blender-tool"})
    configured_on(doctor, "2024-01-01")
    assert "launcher.path-unexpanded" in ids(look(doctor))
    write_log(doctor, app_logs.STARTED)
    assert ids(look(doctor)) == ["launcher.consent-needed"]


def test_a_start_that_is_not_in_what_was_kept(logged: Doctor) -> None:
    write_log(logged, "2025-05-04T10:47:35.061Z [blender] [error] The tool timed out after 60000ms\n")
    assert "client.start-timeout" not in ids(all_links(logged))
    answer = '2025-05-04T10:47:36.061Z [blender] [info] Message from server: {"jsonrpc":"2.0","id":41,"result":{}}\n'
    write_log(logged, f"{app_logs.TRACEBACK.partition('Traceback')[2]}{answer}")
    assert "server.sdk-incompatible" not in ids(look(logged, "server"))


def test_each_entry_has_its_own_log(doctor: Doctor) -> None:
    doctor.configure(ENTRY, other={"command": "/bin/sh", "args": ["blender", "2"]})
    configured_on(doctor, "2024-01-01")
    write_log(doctor, app_logs.TRACEBACK.replace("[blender]", "[other]"), "mcp-server-other.log")
    write_log(doctor, app_logs.STARTED)
    report = look(doctor, "server")
    assert ids(report).count("server.sdk-incompatible") == 1
    assert found(report, "server.sdk-incompatible").evidence["entry"] == "other"


def test_a_configuration_that_was_given_has_no_log(doctor: Doctor, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"mcpServers": {"blender": ENTRY}}))
    os.utime(file, (0, 0))
    write_log(doctor, app_logs.TRACEBACK)
    assert "server.sdk-incompatible" not in ids(look(doctor, "server", app_config=file))


CHATTER = "2025-05-04T10:48:00.000Z [blender] [info] Message from client: {}\n"


@pytest.mark.parametrize("end", [CALL + CUT, CALL + GAVE_UP])
@pytest.mark.parametrize("lines", [1000, 10_000], ids=["the start is still there", "the start is too long ago"])
def test_what_went_wrong_late(logged: Doctor, lines: int, end: str) -> None:
    write_log(logged, app_logs.STARTED + CHATTER * lines + end)
    assert "client.tool-timeout" in ids(look(logged))


def test_a_server_that_has_run_for_long_has_started(logged: Doctor) -> None:
    write_log(logged, app_logs.STARTED + CHATTER * 10_000 + app_logs.TRACEBACK.partition("Traceback")[2])
    assert "server.sdk-incompatible" not in ids(look(logged, "server"))
    begin = "".join(app_logs.TRACEBACK.splitlines(keepends=True)[:2])
    write_log(logged, begin + "Downloading something\n" * 3000 + app_logs.TRACEBACK.partition("Traceback")[2])
    assert "server.sdk-incompatible" in ids(look(logged, "server"))


def claude_code(doctor: Doctor, servers: dict[str, object], log: str, project: str) -> None:
    """Claude Code's configuration, long ago, and a log of its in the folder of a project."""
    config = doctor.home / ".claude.json"
    config.write_text(json.dumps(servers))
    os.utime(config, (0, 0))
    folder = doctor.home / ".cache/claude-cli-nodejs" / project / "mcp-logs-blender"
    folder.mkdir(parents=True)
    (folder / "2026-07-31T10-20-09-396Z.jsonl").write_text(log)


def test_a_log_of_claude_code(doctor: Doctor) -> None:
    claude_code(doctor, {"mcpServers": {"blender": ENTRY}}, app_logs.CLAUDE_CODE, "-home-ada-scene")
    told = found(all_links(doctor), "client.start-timeout")
    assert (told.evidence["app"], told.evidence["limit_s"]) == ("Claude Code", 30)
    assert any("MCP_TIMEOUT" in remedy.text for remedy in told.remedies)


@pytest.mark.parametrize(("project", "own"), [("-home-ada-my-scene", True), ("-home-ada-other", False)])
def test_a_log_of_another_project(doctor: Doctor, project: str, *, own: bool) -> None:
    servers: dict[str, object] = {"projects": {"/home/ada/my.scene": {"mcpServers": {"blender": ENTRY}}}}
    claude_code(doctor, servers, app_logs.CLAUDE_CODE, project)
    assert ("client.start-timeout" in ids(all_links(doctor))) is own


def test_a_log_of_vs_code(doctor: Doctor) -> None:
    config = doctor.home / ".config/Code/User/mcp.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"servers": {"blender": ENTRY}}))
    os.utime(config, (0, 0))
    log = doctor.home / ".config/Code/logs/20260523T235900/window1/mcpServer.mcp.config.usrlocal.blender.log"
    log.parent.mkdir(parents=True)
    log.write_text(app_logs.VS_CODE.rpartition("2026-05-23 23:59:22.000")[0])
    told = found(look(doctor, "server"), "server.sdk-incompatible")
    assert told.evidence["app"] == "Visual Studio Code"
    assert told.evidence["logged_at"] == "2026-05-23 23:59:21"
    log.write_text(app_logs.VS_CODE)
    assert "server.sdk-incompatible" not in ids(look(doctor, "server")), "it has told its tools"


def zed(doctor: Doctor, log: str, changed: float = 0, name: str = "blender") -> Report:
    config = doctor.home / ".config/zed/settings.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps({"context_servers": {name: ENTRY}}))
    os.utime(config, (changed, changed))
    file = doctor.home / ".local/share/zed/logs/Zed.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(log)
    return all_links(doctor)


def codex(doctor: Doctor, log: str) -> Report:
    config = doctor.home / ".codex/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text('[mcp_servers.blender]\ncommand = "uvx"\nargs = ["mcp-for-blender"]\n')
    os.utime(config, (0, 0))
    file = doctor.home / ".codex/log/codex-tui.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(log)
    return all_links(doctor)


def test_a_log_of_zed(doctor: Doctor) -> None:
    told = found(zed(doctor, app_logs.ZED), "client.start-timeout")
    assert (told.evidence["app"], told.evidence["limit_s"]) == ("Zed", 60)
    assert "blender context server failed to start" in str(told.evidence["log_line"])


def test_a_long_log_of_zed(doctor: Doctor) -> None:
    line = '2025-12-30T17:00:00+03:00 INFO  [git::repository] indexing new git repository at "/x"\n'
    assert "client.start-timeout" in ids(zed(doctor, line * 5000 + app_logs.ZED))


def test_what_zed_logs_about_another_server_or_another_time(doctor: Doctor) -> None:
    assert "client.start-timeout" not in ids(zed(doctor, app_logs.ZED, name="blender-2"))
    assert "client.start-timeout" not in ids(zed(doctor, app_logs.ZED.replace(" blender ", " figma ")))
    assert "client.start-timeout" not in ids(zed(doctor, app_logs.ZED, changed=1_800_000_000))


@pytest.mark.parametrize(
    ("line", "limit_s"),
    [
        ("MCP client for `blender` failed to start: request timed out", 10),
        (
            "MCP client for `blender` timed out after 25 seconds. Add or adjust `startup_timeout_sec` in your config.toml:",
            25,
        ),
    ],
)
def test_a_log_of_codex(doctor: Doctor, line: str, limit_s: int) -> None:
    head, _failed, _rest = app_logs.CODEX.partition("MCP client for")
    told = found(codex(doctor, head + line + "\n"), "client.start-timeout")
    assert (told.evidence["app"], told.evidence["limit_s"]) == ("Codex", limit_s)
    assert any("startup_timeout_sec" in remedy.text for remedy in told.remedies)


@pytest.mark.parametrize(
    "line",
    [
        "MCP client for `figma` failed to start: request timed out",
        "MCP client for `blender` failed to start: handshaking with MCP server failed: connection closed",
    ],
)
def test_what_codex_logs_besides(doctor: Doctor, line: str) -> None:
    head, _failed, _rest = app_logs.CODEX.partition("MCP client for")
    assert "client.start-timeout" not in ids(codex(doctor, head + line + "\n"))
