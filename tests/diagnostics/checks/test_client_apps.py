# SPDX-License-Identifier: GPL-3.0-or-later
"""Every AI app on every system: where its configuration is, how it is written, and what is read out of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from diagnostics import find_apps
from diagnostics.knowledge.apps import apps
from diagnostics.model import AppFacts, Verdict
from diagnostics.target import make_target

from ..peers import listening
from ..runs import Doctor, closed_port, copies, found, ids, row
from ..web_peers import good, mcp

STDIO = {"command": "uvx", "args": ["mcp-for-blender"], "env": {"BLENDER_PORT": "9988"}}
VSCODE = {"type": "stdio", **STDIO}
OPENCODE = {"type": "local", "command": ["uvx", "mcp-for-blender"], "environment": {"BLENDER_PORT": "9988"}}
CODEX = '# mine\n[mcp_servers.blender]\ncommand = "uvx"\nargs = ["mcp-for-blender"]\nenv = { BLENDER_PORT = "9988" }\n'


def code(name: str) -> dict[str, str]:
    """The user folder of an editor by platform."""
    return {
        "linux": f".config/{name}/User",
        "darwin": f"Library/Application Support/{name}/User",
        "win32": f"AppData/Roaming/{name}/User",
    }


def below(folders: dict[str, str], path: str) -> dict[str, str]:
    return {platform: f"{folder}/{path}" for platform, folder in folders.items()}


def everywhere(path: str) -> dict[str, str]:
    return dict.fromkeys(("linux", "darwin", "win32"), path)


CLINE = "globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"
ROO = "globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json"
FILES: dict[str, tuple[dict[str, str], str, object]] = {
    "claude-desktop": (
        {
            "linux": ".config/Claude/claude_desktop_config.json",
            "darwin": "Library/Application Support/Claude/claude_desktop_config.json",
            "win32": "AppData/Roaming/Claude/claude_desktop_config.json",
        },
        "mcpServers",
        STDIO,
    ),
    "claude-code": (everywhere(".claude.json"), "mcpServers", VSCODE),
    "cursor": (everywhere(".cursor/mcp.json"), "mcpServers", STDIO),
    "vscode": (below(code("Code"), "mcp.json"), "servers", VSCODE),
    "vscode-insiders": (below(code("Code - Insiders"), "mcp.json"), "servers", VSCODE),
    "vscodium": (below(code("VSCodium"), "mcp.json"), "servers", VSCODE),
    "windsurf": (everywhere(".codeium/windsurf/mcp_config.json"), "mcpServers", STDIO),
    "devin": (
        {
            "linux": ".config/devin/mcp_config.json",
            "darwin": ".config/devin/mcp_config.json",
            "win32": "AppData/Roaming/devin/mcp_config.json",
        },
        "mcpServers",
        STDIO,
    ),
    "antigravity": (everywhere(".gemini/config/mcp_config.json"), "mcpServers", STDIO),
    "opencode": (everywhere(".config/opencode/opencode.jsonc"), "mcp", OPENCODE),
    "codex": (everywhere(".codex/config.toml"), "mcp_servers", CODEX),
    "gemini-cli": (everywhere(".gemini/settings.json"), "mcpServers", STDIO),
    "lm-studio": (everywhere(".lmstudio/mcp.json"), "mcpServers", STDIO),
    "cline": (below(code("VSCodium"), CLINE), "mcpServers", STDIO),
    "roo-code": (below(code("Cursor"), ROO), "mcpServers", STDIO),
    "zed": (
        {
            "linux": ".config/zed/settings.json",
            "darwin": ".config/zed/settings.json",
            "win32": "AppData/Roaming/Zed/settings.json",
        },
        "context_servers",
        {"source": "custom", **STDIO},
    ),
}
PROJECTS = {
    "claude-code": ".mcp.json",
    "cursor": ".cursor/mcp.json",
    "vscode": ".vscode/mcp.json",
    "opencode": "opencode.json",
    "codex": ".codex/config.toml",
    "gemini-cli": ".gemini/settings.json",
    "roo-code": ".roo/mcp.json",
    "zed": ".zed/settings.json",
}
each = pytest.mark.parametrize("app", FILES)


def put(file: Path, key: str, entry: object) -> Path:
    """A file in which the app finds this entry under the name "blender"."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = entry if isinstance(entry, str) else json.dumps({"theme": "dark", key: {"blender": entry}}, indent=2)
    file.write_text(text, encoding="utf-8")
    return file


def put_app(doctor: Doctor, app: str, **changes: Any) -> Path:
    files, key, entry = FILES[app]
    changed = {**entry, **changes} if isinstance(entry, dict) else entry
    return put(doctor.home / files[doctor.platform], key, changed)


def listed(doctor: Doctor, **target: Any) -> dict[str, AppFacts]:
    return {app.id: app for app in find_apps(make_target(**target), machine=doctor.machine).apps}


def test_every_row_is_tested() -> None:
    assert set(FILES) == {app.id for app in apps()}
    assert set(PROJECTS) == {app.id for app in apps() if app.project}


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@each
def test_where_each_app_keeps_it_on_each_system(doctor: Doctor, app: str, platform: str) -> None:
    doctor.platform = platform
    file = put_app(doctor, app)
    report = doctor.run(only=["client"])
    assert report.verdict is Verdict.PASS
    assert report.findings == ()
    name = {app.id: app.name for app in apps()}[app]
    assert row(report, "client").summary == f"{name} · 1 Blender server"
    shown = f"~/{file.relative_to(doctor.home).as_posix()}"
    assert report.did.read == (shown,), "only what is there is read"
    (entry,) = listed(doctor)[app].entries
    assert (entry.name, entry.endpoint, entry.product) == ("blender", "localhost:9988", "MCP for Blender")
    assert entry.starts == "uvx mcp-for-blender"
    assert (entry.file, entry.line > 1) == (shown, True)


@each
def test_nothing_of_another_app_is_taken_for_its_own(doctor: Doctor, app: str) -> None:
    put_app(doctor, app)
    others = [other for other in FILES if other != app]
    assert ids(doctor.run(only=["client"], apps=others)) == ["client.none-found"]
    assert doctor.run(only=["client"], apps=[app]).findings == ()


@pytest.mark.parametrize("app", PROJECTS)
def test_the_file_of_a_project(doctor: Doctor, app: str) -> None:
    project = doctor.home / "my project"
    _files, key, entry = FILES[app]
    put(project / PROJECTS[app], key, entry)
    assert listed(doctor) == {}
    (told,) = listed(doctor, project=project)[app].entries
    assert told.project == "~/my project"
    assert doctor.run(only=["client"], project=project).findings == ()


def test_the_servers_of_each_project_in_claude_code(doctor: Doctor) -> None:
    one = {"mcpServers": {"blender": VSCODE}}
    off = {"mcpServers": {"blender": STDIO}, "disabledMcpServers": ["blender"]}
    projects = {
        "/work/one": one,
        "/work/two": one,
        "/work/three": off,
        "/work/four": {"mcpServers": {}},
        "/work/five": 1,
    }
    (doctor.home / ".claude.json").write_text(json.dumps({"numStartups": 3, "projects": projects}))
    entries = listed(doctor)["claude-code"].entries
    assert [(entry.project, entry.enabled) for entry in entries] == [
        ("/work/one", True),
        ("/work/two", True),
        ("", False),
    ]
    # They start the same, so it is looked at once.
    assert row(doctor.run(only=["client"]), "client").summary == "Claude Code · 1 Blender server"


def test_a_large_history_of_claude_code(doctor: Doctor) -> None:
    history = {"history": ["x" * 100] * 30_000}
    text = json.dumps({"projects": {"/work/one": history}})
    (doctor.home / ".claude.json").write_text(text)
    assert ids(doctor.run(only=["client"])) == ["client.no-blender-entry"]
    (doctor.home / ".claude.json").write_text(text + "}")
    assert ids(doctor.run(only=["client"])) == ["client.config-unparsable"]


def test_older_place_and_older_shape(doctor: Doctor) -> None:
    put(doctor.home / ".gemini/antigravity/mcp_config.json", "mcpServers", STDIO)
    nested = {"command": {"path": "uvx", "args": ["mcp-for-blender"], "env": None}, "settings": {}}
    put(doctor.home / ".config/zed/settings.json", "context_servers", nested)
    told = listed(doctor)
    assert told["antigravity"].entries[0].starts == told["zed"].entries[0].starts == "uvx mcp-for-blender"


def test_an_entry_that_an_extension_of_zed_provides(doctor: Doctor) -> None:
    put(doctor.home / ".config/zed/settings.json", "context_servers", {"settings": {"port": 1}})
    assert ids(doctor.run(only=["client"])) == ["client.no-blender-entry"]


def test_one_extension_in_several_editors(doctor: Doctor) -> None:
    for editor in ("Code", "Cursor"):
        put(doctor.home / ".config" / editor / "User" / CLINE, "mcpServers", STDIO)
    assert len(listed(doctor)["cline"].files) == 2


@pytest.mark.parametrize("app", ["vscode", "opencode", "zed"])
def test_comments_and_commas_where_the_app_takes_them(doctor: Doctor, app: str) -> None:
    files, key, entry = FILES[app]
    text = f'// mine\n{{ /* two */ "{key}": {{"blender": {json.dumps(entry)}, }}, }} // end'
    put(doctor.home / files["linux"], key, text)
    assert doctor.run(only=["client"]).findings == ()


@pytest.mark.parametrize(
    ("app", "text", "words"),
    [
        ("cursor", '{"mcpServers": {"blender": {"command": "uvx"},}}', "comma"),
        ("claude-code", '{"mcpServers": {} /* none */}', "comment"),
        ("cline", '{"mcpServers": {} // none\n}', "comment"),
        ("gemini-cli", '{"mcpServers": {},}', "comma"),
        ("vscode", '{"servers": {"blender": 1}', "ends too early"),
        ("vscode", "{'servers': 1}", "single quotes"),
        ("codex", '[mcp_servers.blender]\ncommand = "uvx\n', "TOML"),
        ("codex", "[mcp_servers.blender\n", "TOML"),
    ],
)
def test_what_each_app_refuses(doctor: Doctor, app: str, text: str, words: str) -> None:
    files, key, _entry = FILES[app]
    file = put(doctor.home / files["linux"], key, text)
    told = found(doctor.run(only=["client"]), "client.config-unparsable")
    assert words in told.detail
    assert str(told.evidence["file"]).endswith(file.name)
    assert told.evidence["app"] == {app.id: app.name for app in apps()}[app]


def test_a_secret_in_broken_toml_is_not_shown(doctor: Doctor) -> None:
    put(doctor.home / ".codex/config.toml", "", '[mcp_servers.blender.env]\nTOKEN = "s3cr3tvalue" x\nTOKEN = 2')
    report = doctor.run(only=["client"])
    assert "s3cr3t" not in repr(report)
    assert "TOKEN" in str(report.findings[0].evidence["excerpt"])


@pytest.mark.parametrize(
    ("app", "refused"),
    [("claude-desktop", True), ("cline", True), ("vscode", False), ("codex", False), ("cursor", False)],
)
def test_a_byte_order_mark(doctor: Doctor, app: str, refused: bool) -> None:
    file = put_app(doctor, app)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert ids(doctor.run(only=["client"])) == (["client.config-bom"] if refused else [])


@pytest.mark.parametrize(
    ("app", "entry", "field"),
    [
        ("opencode", {"type": "local", "command": "uvx mcp-for-blender"}, "mcp.blender.command"),
        ("opencode", {"type": "local", "command": []}, "mcp.blender.command"),
        ("opencode", {"command": ["uvx", "mcp-for-blender"], "environment": {"A": 1}}, "mcp.blender.environment.A"),
        ("cursor", {"command": ["uvx", "mcp-for-blender"]}, "mcpServers.blender.command"),
        ("cursor", {"url": "localhost:8000"}, "mcpServers.blender.url"),
        ("vscode", {"command": "uvx", "env": {"A": []}}, "servers.blender.env.A"),
        ("windsurf", {"serverUrl": 5}, "mcpServers.blender.serverUrl"),
        ("codex", '[mcp_servers.blender]\nargs = ["x"]\n', "mcp_servers.blender.command"),
        (
            "codex",
            '[mcp_servers.blender]\ncommand = "uvx"\n\n[mcp_servers.blender.env]\nPORT = 1\n',
            "mcp_servers.blender.env.PORT",
        ),
    ],
)
def test_an_entry_that_each_app_refuses(doctor: Doctor, app: str, entry: object, field: str) -> None:
    files, key, _entry = FILES[app]
    file = put(doctor.home / files["linux"], key, entry)
    told = found(doctor.run(only=["client"]), "client.entry-invalid")
    assert told.evidence["field"] == field
    line = file.read_text().splitlines()[int(str(told.evidence["line"])) - 1]
    assert field.rpartition(".")[2] in line or "blender" in line


def test_what_each_app_takes(doctor: Doctor) -> None:
    put_app(doctor, "vscode", env={"BLENDER_PORT": 9988, "X": None})
    assert listed(doctor)["vscode"].entries[0].endpoint == "localhost:9988"


def test_folders_that_apps_know_by_a_name(doctor: Doctor) -> None:
    project = doctor.home / "p"
    entry = {"command": "${workspaceFolder}/run", "args": ["${userHome}/blender", "${env:TOKEN}"]}
    put(project / ".vscode/mcp.json", "servers", entry)
    (told,) = listed(doctor, project=project)["vscode"].entries
    assert told.starts == "~/p/run ~/blender '${env:TOKEN}'"
    doctor.configure({"command": "${userHome}/run-blender"})
    assert listed(doctor)["claude-desktop"].entries[0].starts == "'${userHome}/run-blender'"


def test_a_given_file_is_read_as_that_of_its_app(doctor: Doctor, tmp_path: Path) -> None:
    for name, key, entry in (
        ("mine.toml", "", CODEX),
        (".vscode/mcp.json", "servers", VSCODE),
        ("x.json", "mcpServers", STDIO),
    ):
        file = put(tmp_path / name, key, entry)
        assert doctor.run(only=["client"], app_config=file).findings == ()
    assert doctor.run(only=["client"], app_config=file, apps=["vscode"]).root_cause == "client.config-wrong-key"


def test_several_apps_at_once(doctor: Doctor) -> None:
    put_app(doctor, "cursor")
    doctor.configure({"command": 7})
    put(doctor.home / ".config/zed/settings.json", "", "{")
    report = doctor.run(only=["client"])
    # The broken file of an app that has nothing to do with Blender is told and breaks nothing.
    assert [(found.id, found.verdict) for found in report.findings] == [
        ("client.entry-invalid", Verdict.FAIL),
        ("client.config-unparsable", Verdict.SKIPPED),
    ]
    assert all({"app", "file"} <= found.evidence.keys() for found in report.findings)
    doctor.configure(STDIO)
    assert row(doctor.run(only=["client"]), "client").summary == "Claude Desktop, Cursor · 2 Blender servers"
    put(doctor.home / ".config/zed/settings.json", "", '{"context_servers": {"blender": 1}')
    assert doctor.run(only=["client"]).root_cause == "client.config-unparsable"


def test_every_app_without_a_blender_server(doctor: Doctor) -> None:
    for app in FILES:
        put(put_app(doctor, app), "", "" if app == "codex" else "{}")
    report = doctor.run(only=["client"])
    assert ids(report) == ["client.no-blender-entry"]
    assert report.findings[0].evidence["others"][-1] == "Zed"  # type: ignore[index]


@each
def test_the_proposed_entry_works(doctor: Doctor, app: str) -> None:
    files, _key, _entry = FILES[app]
    file = put(doctor.home / files["linux"], "", "" if app == "codex" else "{}")
    told = copies(found(doctor.run(only=["client"], apps=[app]), "client.no-blender-entry"))[0]
    inside = told.exact or told.text
    key = {app.id: app.key for app in apps()}[app]
    file.write_text(inside if app == "codex" else f'{{"{key}": {{{inside}}}}}')
    assert doctor.run(only=["client"], apps=[app]).findings == ()
    assert listed(doctor)[app].entries[0].product == "MCP for Blender"


def test_an_address(doctor: Doctor) -> None:
    put(doctor.home / ".cursor/mcp.json", "mcpServers", {"url": "https://user:pass@blender.example/mcp?token=abc"})
    report = doctor.run(only=["client", "launcher", "server"])
    assert report.findings == ()
    assert row(report, "client").summary == "Cursor · 1 Blender server"
    assert row(report, "launcher").verdict is Verdict.SKIPPED
    assert row(report, "launcher").summary == "starts nothing"
    assert row(report, "server").verdict is Verdict.SKIPPED
    (told,) = listed(doctor)["cursor"].entries
    assert told.starts == "https://‹masked›@blender.example/mcp?‹masked›"


@pytest.mark.parametrize(
    ("app", "member"), [("windsurf", "serverUrl"), ("gemini-cli", "httpUrl"), ("vscode", "url"), ("zed", "url")]
)
def test_each_member_for_an_address(doctor: Doctor, app: str, member: str) -> None:
    files, key, _entry = FILES[app]
    put(doctor.home / files["linux"], key, {"type": "http", member: "http://localhost:8000/mcp"})
    assert listed(doctor)[app].entries[0].starts == "http://localhost:8000/mcp"


def test_the_server_at_an_address_of_this_computer_is_asked(doctor: Doctor) -> None:
    with listening(mcp(good)) as peer:
        put(doctor.home / ".cursor/mcp.json", "mcpServers", {"url": f"http://127.0.0.1:{peer.port}/mcp"})
        report = doctor.run(only=["client", "launcher", "network"])
        assert (report.verdict, report.findings) == (Verdict.PASS, ())
        assert "over HTTP" in row(report, "network").summary
        assert report.did.connected == (f"127.0.0.1:{peer.port}",)
        put(doctor.home / ".cursor/mcp.json", "mcpServers", {"url": f"http://127.0.0.1:{peer.port}/other"})
        assert doctor.run(only=["client", "network"]).root_cause == "network.http-wrong-path"
    report = doctor.run(only=["client", "network"])
    assert report.root_cause == "network.refused"
    assert report.findings[0].evidence["named_by"] == "the entry “blender” of Cursor"


def test_another_computer_is_asked_only_when_the_user_names_it(doctor: Doctor) -> None:
    put(doctor.home / ".cursor/mcp.json", "mcpServers", {"url": "http://blender.invalid:8000/mcp"})
    report = doctor.run(host="127.0.0.1", port=closed_port(), only=["client", "network"])
    assert report.root_cause == "network.refused"
    assert (doctor.run(only=["client", "network"]).host, doctor.run(only=["client", "network"]).port) == (
        "localhost",
        9876,
    )


def test_a_command_that_only_passes_on_is_looked_for_where_it_leads(doctor: Doctor) -> None:
    port = closed_port()
    entry = {"command": "npx", "args": ["-y", "mcp-remote", f"http://127.0.0.1:{port}/mcp"]}
    doctor.configure(entry)
    report = doctor.run(only=["client", "network"])
    assert found(report, "network.refused").evidence["endpoint"] == f"127.0.0.1:{port}"
    doctor.configure({**entry, "args": ["-y", "mcp-remote", "https://mcp.example/mcp"]})
    # No other computer is contacted that the user has not named.
    assert doctor.run(only=["client", "network"]).port == 9876
