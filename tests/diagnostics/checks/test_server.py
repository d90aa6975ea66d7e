# SPDX-License-Identifier: GPL-3.0-or-later
"""The MCP server of an entry: started as the app would, and what it means when it does not answer.

The servers are small scripts that play one; those that die print what the real ones print.
"""

from __future__ import annotations

import json

import psutil
import pytest

from diagnostics.checks import server
from diagnostics.model import Report, Verdict
from tests.lab.lab_peer import LabPeer

from ..peers import addon, listening, silent
from ..probes.children import PRELUDE
from ..runs import Doctor, blender, bridge, closed_port, found, ids, row, said

NAMED = "GOOD['serverInfo'] = {'name': 'BlenderMCP', 'version': '1.30.0'}\n"
FOREVER = "hear()\nwhile True: time.sleep(60)"


def entry(doctor: Doctor, body: str, *, name: str = "uvx", port: int | None = None, **more: object) -> None:
    """An entry whose command is a FAKE `uvx` that runs `body`."""
    program = doctor.script(name, PRELUDE + body)
    env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(port or closed_port())}
    usual = {"command": str(program), "args": ["mcp-for-blender"], "env": env}
    doctor.configure(usual | more)


def start(doctor: Doctor, body: str, *, deadline: float = 20, **entry_options: object) -> Report:
    entry(doctor, body, **entry_options)  # type: ignore[arg-type]
    report = doctor.run(launch=True, only=["client", "launcher", "server"], deadline=deadline)
    assert psutil.Process().children(recursive=True) == []
    return report


def test_a_good_server(doctor: Doctor) -> None:
    report = start(doctor, NAMED + "serve()")
    assert report.findings == ()
    assert row(report, "server").summary == "BlenderMCP · MCP 2025-11-25 · 2 tools"
    assert report.did.started == (("~/uvx", "mcp-for-blender"),)


def test_all_six_links(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        entry(doctor, NAMED + "serve()", port=peer.port)
        report = doctor.run(launch=True)
    assert [line.verdict for line in report.chain] == [Verdict.PASS] * 6
    assert (report.verdict, report.root_cause) == (Verdict.PASS, None)
    assert report.headline == "Everything works, from Claude Desktop to Blender"


def test_it_gets_the_variables_of_the_entry_and_sends_no_telemetry(doctor: Doctor) -> None:
    doctor.environ |= {"PYTHONPATH": "/leaked", "VIRTUAL_ENV": "/leaked", "LANG": "C.UTF-8"}
    body = "open(__file__ + '.env', 'w').write(json.dumps(dict(os.environ)))\nserve()"
    entry(doctor, body, env={"A": "from the entry"}, cwd=str(doctor.home))
    doctor.run(launch=True, only=["client", "launcher", "server"])
    seen = json.loads((doctor.home / "uvx.env").read_text())
    assert (seen["A"], seen["DISABLE_TELEMETRY"], seen["LANG"]) == ("from the entry", "true", "C.UTF-8")
    assert "/usr/bin" in seen["PATH"].split(":")
    assert not {"PYTHONPATH", "VIRTUAL_ENV"} & seen.keys()


@pytest.mark.parametrize(
    ("words", "pin"),
    [
        ("ModuleNotFoundError: No module named 'mcp.server.fastmcp'", "mcp<2"),
        ("TypeError: FastMCP.__init__() got an unexpected keyword argument 'description'", "mcp<1.12"),
        ("ImportError: cannot import name 'McpError' from 'mcp' (/x/mcp/__init__.py)", "mcp<2"),
    ],
)
def test_the_library_has_moved_on(doctor: Doctor, words: str, pin: str) -> None:
    report = start(doctor, f"sys.exit({'Traceback (most recent call last):' + chr(10) + words!r})")
    assert report.root_cause == "server.sdk-incompatible"
    told = found(report, "server.sdk-incompatible")
    assert f'"args": ["--with", "{pin}", "mcp-for-blender"]' in [remedy.text for remedy in told.remedies]


@pytest.mark.parametrize("module", ["mcp", "blender_mcp", "blmcp", "mcp.types"])
def test_something_is_not_installed(doctor: Doctor, module: str) -> None:
    report = start(doctor, f"sys.exit(\"ModuleNotFoundError: No module named '{module}'\")")
    assert report.root_cause == "server.sdk-missing"
    assert module in report.headline


def test_a_module_that_python_cannot_start(doctor: Doctor) -> None:
    report = start(doctor, "sys.exit('/usr/bin/python3: No module named blender_mcp')")
    assert report.root_cause == "server.sdk-missing"


def test_it_ends_at_once(doctor: Doctor) -> None:
    report = start(doctor, "print('cannot find\\x1b[2J the moon', file=sys.stderr)\nsys.exit(3)")
    assert report.root_cause == "server.exits-at-start"
    told = found(report, "server.exits-at-start")
    assert told.evidence["exit_code"] == 3
    assert told.evidence["last_lines"] == ("cannot find\\x1b[2J the moon",)


def test_it_ends_without_a_word(doctor: Doctor) -> None:
    assert "said nothing" in found(start(doctor, "sys.exit(1)"), "server.exits-at-start").detail


def test_it_prints_and_works(doctor: Doctor) -> None:
    report = start(doctor, "print('Starting…', flush=True)\n" + NAMED + "serve()")
    assert ids(report) == ["server.stdout-polluted"]
    assert report.verdict is Verdict.WARN
    assert row(report, "server").verdict is Verdict.WARN


def test_it_only_prints(doctor: Doctor) -> None:
    report = start(doctor, "print('Usage: …', flush=True)\nsys.exit(0)")
    assert report.root_cause == "server.stdout-polluted"


def test_it_prints_and_never_answers(doctor: Doctor) -> None:
    report = start(doctor, f"print('Starting…', flush=True)\n{FOREVER}", deadline=2.5)
    assert report.root_cause == "server.stdout-polluted"


@pytest.mark.parametrize("words", ["", "Downloading numpy (16 MiB)"])
def test_no_answer(doctor: Doctor, words: str) -> None:
    report = start(doctor, f"print({words!r}, file=sys.stderr, flush=True)\n{FOREVER}", deadline=2.5)
    assert report.root_cause == "server.no-answer"
    assert ("downloading" in found(report, "server.no-answer").detail) == bool(words)


@pytest.mark.parametrize("answer", ["GOOD['protocolVersion'] = '1999-01-01'", "del GOOD['protocolVersion']"])
def test_no_version_in_common(doctor: Doctor, answer: str) -> None:
    report = start(doctor, f"{answer}\nserve()")
    assert report.root_cause == "server.protocol-unsupported"


def test_it_refuses_the_version(doctor: Doctor) -> None:
    error = {"code": -32602, "message": "Unsupported protocol version", "data": {"supported": ["2026-07-28"]}}
    report = start(doctor, f"say({{'jsonrpc': '2.0', 'id': hear()['id'], 'error': {error!r}}})\nhear()")
    assert report.root_cause == "server.protocol-unsupported"
    assert "2026-07-28" in said(found(report, "server.protocol-unsupported"))


def test_a_script_whose_interpreter_is_missing(doctor: Doctor) -> None:
    program = doctor.home / "blender-tool"
    program.write_text("#!/nowhere/python\n")
    program.chmod(0o755)
    doctor.configure({"command": str(program)})
    report = doctor.run(launch=True, only=["client", "launcher", "server"])
    assert "launcher.not-executable" in ids(report)
    assert report.verdict is Verdict.FAIL


def test_it_waits_for_an_addon_that_is_silent(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BLOCKED_WAIT_S", 1.5)
    with listening(silent) as peer:
        entry(doctor, FOREVER, port=peer.port)
        report = doctor.run(launch=True)
    assert report.root_cause == "addon.silent"
    assert found(report, "server.blocked-by-addon").explained_by == "addon.silent"
    assert [f.order for f in report.findings if f.verdict is Verdict.FAIL] == [1, 0]


def test_it_waits_for_an_addon_of_another_product(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BLOCKED_WAIT_S", 1.5)
    with LabPeer(tick_s=0.01) as peer:
        entry(doctor, FOREVER, port=peer.port)
        report = doctor.run(launch=True)
    assert report.root_cause == "addon.product-mismatch"
    assert found(report, "server.blocked-by-addon").explained_by == "addon.product-mismatch"


def test_what_the_server_says_of_itself_decides_the_product(doctor: Doctor) -> None:
    with LabPeer(tick_s=0.01) as peer:
        entry(doctor, "GOOD['serverInfo']['name'] = 'blender-mcp'\nserve()", port=peer.port)
        report = doctor.run(launch=True)
    assert "addon.product-mismatch" not in ids(report)


@pytest.mark.parametrize(
    ("pin", "verdict", "cause"),
    [
        ("mcp-for-blender==2.2.4", Verdict.PASS, None),
        ("mcp-for-blender<2", Verdict.FAIL, "server.pin-violated"),
        ("MCP_for.Blender>=3", Verdict.FAIL, "server.pin-violated"),
        ("mcp<2", Verdict.PASS, None),
        ("mcp<1.30", Verdict.FAIL, "server.pin-violated"),
        ("httpx<1", Verdict.UNKNOWN, None),
    ],
)
def test_pins(doctor: Doctor, pin: str, verdict: Verdict, cause: str | None) -> None:
    entry(doctor, NAMED + "serve()", args=["mcp-for-blender==2.2.4"])
    report = doctor.run(launch=True, only=["client", "launcher", "server"], pins=[pin])
    assert report.verdict is verdict
    assert report.root_cause == cause


@pytest.mark.parametrize(
    ("args", "pin", "better"),
    [
        (["mcp-for-blender==2.2.4"], "mcp-for-blender==1.9.4", ["mcp-for-blender==1.9.4"]),
        (["mcp-for-blender@2.2.4", "--port", "1"], "mcp-for-blender==1.9.4", ["mcp-for-blender==1.9.4", "--port", "1"]),
        (["mcp-for-blender==2.2.4"], "mcp-for-blender<2", ["--from", "mcp-for-blender<2", "mcp-for-blender"]),
        (
            ["--from", "mcp-for-blender==2.2.4", "blender-mcp"],
            "mcp-for-blender<2",
            ["--from", "mcp-for-blender<2", "blender-mcp"],
        ),
        (["mcp-for-blender"], "mcp<1.30", ["--with", "mcp<1.30", "mcp-for-blender"]),
        (["--with", "mcp==1.30.0", "mcp-for-blender"], "mcp<1.30", ["--with", "mcp<1.30", "mcp-for-blender"]),
        (
            ["mcp-for-blender==2.2.4", "mcp-for-blender==x"],
            "mcp-for-blender==2",
            ["mcp-for-blender==2", "mcp-for-blender==x"],
        ),
    ],
)
def test_the_entry_that_meets_a_pin(doctor: Doctor, args: list[str], pin: str, better: list[str]) -> None:
    entry(doctor, NAMED + "serve()", args=args)
    remedy = found(doctor.run(launch=True, only=["client", "launcher", "server"], pins=[pin]), "server.pin-violated")
    assert json.loads(f"{{{remedy.remedies[0].exact}}}") == {"args": better}
    # What is told to be written is what uv would then use.
    entry(doctor, NAMED + "serve()", args=better)
    told = doctor.run(only=["client", "launcher", "server"], pins=[pin])
    assert not [one for one in told.findings if one.id == "server.pin-violated" and "configuration" in one.detail]


def test_a_pin_and_a_command_that_nothing_is_known_of(doctor: Doctor) -> None:
    program = doctor.script("uvx", PRELUDE + NAMED + "serve()")
    doctor.configure({"command": "/bin/sh", "args": ["-c", f"{program} mcp-for-blender"]})
    told = found(
        doctor.run(launch=True, only=["client", "launcher", "server"], pins=["mcp<1.30"]), "server.pin-violated"
    )
    assert [(one.title[:20], one.text) for one in told.remedies] == [("What the command in ", "mcp<1.30")]


@pytest.mark.parametrize("declared", [True, False])
def test_a_server_without_a_single_tool(doctor: Doctor, *, declared: bool) -> None:
    lacks = "GOOD['capabilities'] = {'prompts': {}}\n" if not declared else ""
    report = start(doctor, f"{lacks}{NAMED}serve(())" if declared else f"{lacks}{NAMED}serve()")
    assert (ids(report), report.verdict) == (["server.no-tools"], Verdict.WARN)
    assert row(report, "server").verdict is Verdict.WARN


def test_the_command_is_not_started_while_a_script_waits(doctor: Doctor) -> None:
    doctor.snapshot = blender(main_thread_waits=True)
    report = start(doctor, "serve()")
    assert report.did.started == ()
    assert row(report, "server").verdict is Verdict.UNKNOWN


def test_one_allowed_command_is_not_all(doctor: Doctor) -> None:
    entry(doctor, NAMED + "serve()")
    program = str(doctor.home / "uvx")
    first = {"command": program, "args": ["mcp-for-blender"]}
    doctor.configure(first)
    digest = doctor.run(only=["client", "launcher"]).consents[0].digest
    doctor.configure(first, "blender", two={"command": program, "args": ["blender-mcp"]})
    report = doctor.run(only=["client", "launcher", "server"], allowed_commands=[digest])
    assert row(report, "server").verdict is Verdict.UNKNOWN
    assert "another command needs your permission" in row(report, "server").summary
    assert len(report.did.started) == 1


def test_the_first_revision_works_and_is_warned_of(doctor: Doctor) -> None:
    report = start(doctor, "GOOD['protocolVersion'] = '2024-11-05'\n" + NAMED + "serve()")
    old = found(report, "server.protocol-deprecated")
    assert old.verdict is Verdict.WARN
    assert "2024-11-05" in old.detail


@pytest.mark.parametrize(
    ("args", "env", "given"),
    [
        (["blender-mcp==1.5.6", "--port", "9877"], {}, "--port"),
        (["blender-mcp==1.2.1", "--port=9877"], {}, "--port"),
        (["blender-mcp==1.2.1"], {"BLENDER_PORT": "9877"}, "BLENDER_PORT"),
    ],
)
def test_a_port_that_the_release_does_not_read(
    doctor: Doctor, args: list[str], env: dict[str, str], given: str
) -> None:
    doctor.configure({"command": "uvx", "args": args, "env": env})
    ignored = found(doctor.run(), "server.port-ignored")
    assert ignored.evidence["given"] == given
    assert '"mcp-for-blender"' in said(ignored)
    assert ('"BLENDER_PORT": "9877"' in said(ignored)) == (args[0] == "blender-mcp==1.5.6")


@pytest.mark.parametrize(
    ("args", "env"),
    [
        (["blender-mcp==1.9.4", "--port", "9877"], {}),
        (["blender-mcp==1.5.6", "--port", "9876"], {}),
        (["blender-mcp==1.5.6"], {"BLENDER_PORT": "9877"}),
        (["mcp-for-blender", "--port", "9877"], {}),
    ],
)
def test_a_port_that_is_read_or_makes_no_difference(doctor: Doctor, args: list[str], env: dict[str, str]) -> None:
    doctor.configure({"command": "uvx", "args": args, "env": env})
    assert "server.port-ignored" not in ids(doctor.run())


def test_an_ignored_port_explains_that_blender_is_elsewhere(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        doctor.configure({"command": "uvx", "args": ["blender-mcp==1.5.6", "--port", str(peer.port)]})
        doctor.snapshot = blender(bridge(running=True, port=peer.port))
        report = doctor.run()
    assert found(report, "network.port-mismatch").explained_by == "server.port-ignored"


@pytest.mark.parametrize(
    ("pins", "fits"), [(["2025-11-25"], True), (["2024-11-05", "2025-11-25"], True), (["2025-06-18"], False)]
)
def test_a_pinned_version_of_mcp(doctor: Doctor, pins: list[str], fits: bool) -> None:
    entry(doctor, NAMED + "serve()")
    report = doctor.run(launch=True, only=["client", "launcher", "server"], expect_protocol=[*pins, "15"])
    assert ("server.protocol-pin-mismatch" not in ids(report)) is fits
    if not fits:
        assert report.root_cause == "server.protocol-pin-mismatch"
        assert "2025-06-18" in report.findings[0].detail


@pytest.mark.parametrize(
    ("args", "open_pin"),
    [
        (["blender-mcp==1.5.6"], True),
        (["blender-mcp@1.6.4"], True),
        (["--with", "mcp<2", "blender-mcp==1.5.6"], False),
        (["blender-mcp==1.6.5"], False),
        (["mcp-for-blender==2.2.4"], False),
        (["mcp-for-blender"], False),
    ],
)
def test_a_server_that_the_next_sdk_will_break(doctor: Doctor, args: list[str], open_pin: bool) -> None:
    entry(doctor, NAMED + "serve()", args=args)
    report = doctor.run(launch=True, only=["client", "launcher", "server"])
    assert ("server.sdk-pin-open" in ids(report)) is open_pin
    if open_pin:
        assert report.verdict is Verdict.WARN
        assert json.dumps(["--with", "mcp<2", *args]) in said(found(report, "server.sdk-pin-open"))


def test_an_answer_that_apps_refuse_is_no_pass(doctor: Doctor) -> None:
    report = start(doctor, "del GOOD['serverInfo']\nserve()")
    assert report.root_cause == "server.no-answer"
    assert "serverInfo is missing" in found(report, "server.no-answer").detail


def test_a_refusal_about_something_else_is_none_of_the_version(doctor: Doctor) -> None:
    error = {"code": -32602, "message": "clientInfo.title is required"}
    report = start(doctor, f"say({{'jsonrpc': '2.0', 'id': hear()['id'], 'error': {error}}})\n{FOREVER}")
    assert report.root_cause == "server.no-answer"
    assert "clientInfo.title is required" in found(report, "server.no-answer").detail
