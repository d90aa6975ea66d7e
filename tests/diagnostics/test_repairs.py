# SPDX-License-Identifier: GPL-3.0-or-later
"""From a real broken file through a repair to a diagnosis without that cause, and back by undo, byte for byte."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from diagnostics.model import Finding, Remedy, Report, Verdict
from diagnostics.protocols.located_json import parse, plain
from diagnostics.remedies import ChangeError, plan, undo
from diagnostics.reports import render

from .checks.test_client_apps import FILES, put, put_app
from .checks.test_environment import uvx as prepared
from .peers import addon, listening
from .runs import CONFIG, Doctor, bridge, closed_port, found, ids
from .runs import blender as this_blender

uvx = prepared
ENTRY = {"command": "uvx", "args": ["mcp-for-blender"]}
SECRET = "s3cr3t-v4lue"
OTHER = {"command": "other", "env": {"A": SECRET}}
PACKAGED = "AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude"
CLIENT = {"only": ["client"]}
LAUNCHER = {"only": ["client", "launcher"]}


def offered(finding: Finding) -> list[Remedy]:
    return [remedy for remedy in finding.remedies if remedy.is_outside_blender]


def repaired(doctor: Doctor, cause: str, choose: int = 0, **target: Any) -> dict[str, str]:
    """Repairs the cause and takes it back; returns what the files that changed held meanwhile."""
    report = doctor.run(**target)
    remedy = offered(found(report, cause))[choose]
    assert remedy.edits
    assert SECRET not in repr(report.findings)
    files = [edit.file for edit in remedy.edits]
    before = [file.read_bytes() for file in files]
    own = doctor.home / "own"
    change = plan(remedy, doctor.machine, own_folder=own)
    assert SECRET not in change.preview
    assert [file.read_bytes() for file in files] == before
    change.carry_out()
    after = {file.name: file.read_text() for file in files}
    assert cause not in ids(doctor.run(**target)), "the repair helps"
    way_back = undo.last(own, doctor.machine)
    assert way_back is not None
    way_back.carry_out()
    assert [file.read_bytes() for file in files] == before
    for backup in (one for file in files for one in file.parent.glob(f"{file.name}.bak-2*")):
        backup.unlink()
    assert cause in ids(doctor.run(**target))
    return after


def nothing_to_apply(report: Report, cause: str) -> None:
    assert offered(found(report, cause)) == []
    assert found(report, cause).remedies


def tool(doctor: Doctor, name: str = "uvx", folder: str = "my tools") -> Path:
    """A program where a terminal finds it and an app does not."""
    path = doctor.script(f"{folder}/{name}", "")
    doctor.environ["PATH"] = f"{path.parent}"
    return path


@pytest.mark.parametrize("app", ["claude-desktop", "lm-studio"])
def test_the_full_path(doctor: Doctor, app: str) -> None:
    program = tool(doctor)
    file = put_app(doctor, app, command="uvx", args=["mcp-for-blender", "--token", SECRET], env={"X": SECRET})
    text = file.read_text()
    after = repaired(doctor, "launcher.not-found", **LAUNCHER)
    assert after[file.name] == text.replace('"uvx"', json.dumps(str(program)))


def test_the_full_path_on_macos(doctor: Doctor) -> None:
    doctor.platform = "darwin"
    program = tool(doctor, folder="bin")
    file = doctor.configure(ENTRY)
    after = repaired(doctor, "launcher.not-on-app-path", **LAUNCHER)
    assert after[file.name] == file.read_text().replace('"uvx"', json.dumps(str(program)))


def test_the_full_path_in_toml_and_in_a_list(doctor: Doctor) -> None:
    doctor.environ["PATH"] = str(doctor.home / "nothing")
    for app, of in (("codex", "/nowhere/uvx"), ("opencode", "/nowhere/uvx")):
        program = doctor.script(".local/bin/uvx", "")
        files, key, entry = FILES[app]
        text = (
            entry.replace('"uvx"', f'"{of}"')
            if isinstance(entry, str)
            else {**entry, "command": [of, "mcp-for-blender"]}
        )  # type: ignore[dict-item]
        file = put(doctor.home / files["linux"], key, text)
        after = repaired(doctor, "launcher.not-found", **LAUNCHER)
        assert after[file.name] == file.read_text().replace(of, str(program))
        file.unlink()


def test_a_program_inside_of_a_shell(doctor: Doctor) -> None:
    program = tool(doctor)
    doctor.script("bin/env", "")
    file = doctor.configure({"command": str(doctor.home / "bin/env"), "args": ["A=b", "uvx", "mcp-for-blender"]})
    after = repaired(doctor, "launcher.not-found", **LAUNCHER)
    assert json.loads(after[file.name])["mcpServers"]["blender"]["args"] == ["A=b", str(program), "mcp-for-blender"]


def test_a_whole_line(doctor: Doctor) -> None:
    program = tool(doctor)
    file = doctor.configure({"command": "uvx --quiet mcp-for-blender"})
    after = repaired(doctor, "launcher.not-found", **LAUNCHER)
    entry = json.loads(after[file.name])["mcpServers"]["blender"]
    assert entry == {"command": str(program), "args": ["--quiet", "mcp-for-blender"]}
    doctor.configure({"command": f"uvx --token {SECRET} mcp-for-blender"})
    nothing_to_apply(doctor.run(**LAUNCHER), "launcher.not-found")


def test_a_program_that_is_nowhere(doctor: Doctor) -> None:
    doctor.platform = "win32"
    doctor.configure(ENTRY)
    nothing_to_apply(doctor.run(**LAUNCHER), "launcher.not-found")


def test_uv_without_uvx(doctor: Doctor) -> None:
    doctor.platform = "win32"
    uv = doctor.script(".local/bin/uv.exe", "")
    file = doctor.configure(ENTRY)
    after = repaired(doctor, "launcher.uvx-missing", **LAUNCHER)
    entry = json.loads(after[file.name])["mcpServers"]["blender"]
    assert entry == {"command": str(uv), "args": ["tool", "run", "mcp-for-blender"]}


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "~/bin/blender-tool"},
        {"command": "{home}/bin/blender-tool", "args": ["-x", "$HOME/blender"]},
        {"command": "{home}/bin/blender-tool", "cwd": "~/bin"},
    ],
    ids=["command", "argument", "cwd"],
)
def test_a_short_form(doctor: Doctor, entry: dict[str, object]) -> None:
    doctor.script("bin/blender-tool", "")
    file = doctor.configure(json.loads(json.dumps(entry).replace("{home}", str(doctor.home))))
    after = repaired(doctor, "launcher.path-unexpanded", **LAUNCHER)
    home = str(doctor.home)
    assert after[file.name] == file.read_text().replace("~/", f"{home}/").replace("$HOME/", f"{home}/")


def test_a_short_form_of_an_unknown_folder(doctor: Doctor) -> None:
    doctor.configure({"command": "$BLENDER_TOOLS/blender-tool"})
    nothing_to_apply(doctor.run(**LAUNCHER), "launcher.path-unexpanded")


def test_a_folder_that_does_not_exist(doctor: Doctor) -> None:
    doctor.configure({"command": str(doctor.script("blender-tool", "")), "cwd": "/nowhere"})
    after = repaired(doctor, "launcher.cwd-missing", **LAUNCHER)
    assert json.loads(after[CONFIG])["mcpServers"]["blender"].keys() == {"command"}


def test_a_folder_that_does_not_exist_for_codex(doctor: Doctor) -> None:
    program = doctor.script("blender-tool", "")
    text = f'# mine\n[mcp_servers.blender]\ncommand = "{program}"\ncwd = "/nowhere" # gone\n\n[tui]\ntheme = "a"\n'
    file = put(doctor.home / ".codex/config.toml", "", text)
    after = repaired(doctor, "launcher.cwd-missing", **LAUNCHER)
    assert after[file.name] == text.replace('cwd = "/nowhere" # gone\n', "")


def test_a_file_of_commands_on_windows(doctor: Doctor) -> None:
    doctor.platform = "win32"
    program = doctor.script(".local/bin/uvx.cmd", "")
    put(doctor.home / ".claude.json", "mcpServers", {"command": str(program), "args": ["mcp-for-blender"]})
    after = repaired(doctor, "launcher.windows-shim", **LAUNCHER)
    entry = json.loads(after[".claude.json"])["mcpServers"]["blender"]
    assert entry == {"command": "cmd", "args": ["/c", str(program), "mcp-for-blender"]}


@pytest.mark.parametrize(
    ("choose", "args"), [(0, ["mcp-for-blender"]), (1, ["--with", "mcp<2", "mcp-for-blender==1.5.6"])]
)
def test_the_sdk_has_moved_on(doctor: Doctor, uvx: dict[str, str], choose: int, args: list[str]) -> None:
    doctor.configure({"command": str(doctor.script("uvx", "")), "args": ["mcp-for-blender==1.5.6"], "env": uvx})
    target = {"only": ["client", "launcher", "server"]}
    if choose == 0:
        # What uv has prepared for this release says nothing for sure about the newest.
        report = doctor.run(**target)
        plan(
            offered(found(report, "server.sdk-incompatible"))[0], doctor.machine, own_folder=doctor.home / "own"
        ).carry_out()
        assert "server.sdk-incompatible" not in [
            f.id for f in doctor.run(**target).findings if f.verdict is Verdict.FAIL
        ]
        after = doctor.config.read_text()
    else:
        after = repaired(doctor, "server.sdk-incompatible", choose, **target)[CONFIG]
    assert json.loads(after)["mcpServers"]["blender"]["args"] == args


@pytest.mark.parametrize(
    ("choose", "entry"),
    [
        (0, {"args": ["blender-mcp==1.5.6", "--port", "9877"], "env": {"X": SECRET, "BLENDER_PORT": "9877"}}),
        (1, {"args": ["mcp-for-blender", "--port", "9877"], "env": {"X": SECRET}}),
    ],
)
def test_a_port_that_is_not_read(doctor: Doctor, choose: int, entry: dict[str, object]) -> None:
    doctor.configure({"command": "uvx", "args": ["blender-mcp==1.5.6", "--port", "9877"], "env": {"X": SECRET}})
    after = repaired(doctor, "server.port-ignored", choose, only=["client", "launcher", "server"])
    assert json.loads(after[CONFIG])["mcpServers"]["blender"] == {"command": "uvx", **entry}


@pytest.mark.parametrize("by", ["variable", "option", "nothing"])
def test_blender_is_at_another_port(doctor: Doctor, by: str) -> None:
    wrong = str(closed_port())
    args = ["mcp-for-blender", *(["--port", wrong] if by == "option" else [])]
    env = {"BLENDER_PORT": wrong} if by == "variable" else {}
    doctor.configure({"command": "uvx", "args": args, "env": env})
    with listening(addon()) as peer:
        doctor.snapshot = this_blender(bridge(running=True, port=peer.port))
        target = {"host": "127.0.0.1", "port": peer.port, "only": ["client", "network"]}
        after = json.loads(repaired(doctor, "network.port-mismatch", **target)[CONFIG])["mcpServers"]["blender"]
    if by == "option":
        assert after["args"] == ["mcp-for-blender", "--port", str(peer.port)]
    else:
        assert after["env"] == {"BLENDER_PORT": str(peer.port)}


def test_nothing_listens_where_the_entry_says(doctor: Doctor) -> None:
    server = '[mcp_servers.blender]\ncommand = "uvx"\nargs = ["mcp-for-blender"]\n'
    variables = f'[mcp_servers.blender.env]\nBLENDER_PORT = "{closed_port()}"\n'
    put(doctor.home / ".codex/config.toml", "", server + variables)
    with listening(addon()) as peer:
        doctor.snapshot = this_blender(bridge(running=True, port=peer.port))
        after = repaired(doctor, "network.port-mismatch", only=["client", "network"])
    env = tomllib.loads(after["config.toml"])["mcp_servers"]["blender"]["env"]
    assert env == {"BLENDER_PORT": str(peer.port)}


@pytest.mark.parametrize("app", FILES)
def test_a_new_entry_for_each_app(doctor: Doctor, app: str) -> None:
    program = doctor.script(".local/bin/uvx", "")
    files, key, entry = FILES[app]
    file = doctor.home / files["linux"]
    file.parent.mkdir(parents=True, exist_ok=True)
    text = '# mine\nmodel = "x"\n' if app == "codex" else '{\n\t"theme": "dark"\n}\n'
    file.write_text(text)
    after = repaired(doctor, "client.no-blender-entry", **CLIENT)[file.name]
    read = tomllib.loads(after) if app == "codex" else plain(parse(after))
    assert isinstance(read, dict)
    made = read[key]["blender"]
    assert made["command"] == ([str(program), "mcp-for-blender"] if app == "opencode" else str(program))
    if isinstance(entry, dict) and "type" in entry and app != "claude-code":
        assert made["type"] == entry["type"]
    assert after.startswith(text.rstrip("}\n").rstrip())


def test_no_new_entry_without_a_program_for_it(doctor: Doctor) -> None:
    doctor.platform = "win32"
    doctor.write("{}")
    nothing_to_apply(doctor.run(**CLIENT), "client.no-blender-entry")


def test_an_empty_file(doctor: Doctor) -> None:
    doctor.script(".local/bin/uvx", "")
    doctor.write("")
    after = repaired(doctor, "client.config-unparsable", **CLIENT)
    assert json.loads(after[CONFIG])["mcpServers"]["blender"]["args"] == ["mcp-for-blender"]


def test_a_mark_at_the_beginning(doctor: Doctor) -> None:
    good = json.dumps({"mcpServers": {"blender": {**ENTRY, "env": {"A": SECRET}}}}, indent=4)
    doctor.write(b"\xef\xbb\xbf" + good.encode())
    assert repaired(doctor, "client.config-bom", **CLIENT)[CONFIG] == good
    doctor.write(b"\xef\xbb\xbf" + good.replace("]", ",]").encode())
    assert repaired(doctor, "client.config-bom", **CLIENT)[CONFIG] == good
    doctor.write(b"\xef\xbb\xbf{")
    nothing_to_apply(doctor.run(**CLIENT), "client.config-bom")


@pytest.mark.parametrize(
    ("broken", "good"),
    [
        ('{"mcpServers": {"blender": {"command": "uvx", "env": {"A": "s3cr3t-v4lue",},}}}',) * 1
        + ('{"mcpServers": {"blender": {"command": "uvx", "env": {"A": "s3cr3t-v4lue"}}}}',),
        (
            '{// mine\n"mcpServers": {"blender": {"command": “uvx”}}}',
            '{\n"mcpServers": {"blender": {"command": "uvx"}}}',
        ),
    ],
    ids=["commas", "quotes"],
)
def test_mistakes(doctor: Doctor, broken: str, good: str) -> None:
    doctor.write(broken)
    assert repaired(doctor, "client.config-unparsable", **CLIENT)[CONFIG] == good


@pytest.mark.parametrize("broken", ["{", '{"mcpServers": {}}\n{"mcpServers": {}}', '{"mcpServers": None}'])
def test_mistakes_that_may_mean_something_else(doctor: Doctor, broken: str) -> None:
    doctor.write(broken)
    nothing_to_apply(doctor.run(**CLIENT), "client.config-unparsable")


@pytest.mark.parametrize(
    ("entry", "right"),
    [
        ({"command": "uvx", "args": "mcp-for-blender"}, {"command": "uvx", "args": ["mcp-for-blender"]}),
        ({**ENTRY, "env": {"BLENDER_PORT": 9877}}, {**ENTRY, "env": {"BLENDER_PORT": "9877"}}),
        ({"command": "uvx", "args": ["mcp-for-blender", 1]}, {"command": "uvx", "args": ["mcp-for-blender", "1"]}),
    ],
    ids=["list", "variable", "argument"],
)
def test_a_wrong_kind_of_value(doctor: Doctor, entry: object, right: object) -> None:
    doctor.configure(entry)
    after = repaired(doctor, "client.entry-invalid", **CLIENT)
    assert json.loads(after[CONFIG])["mcpServers"]["blender"] == right


@pytest.mark.parametrize(
    "entry",
    [
        {"url": "http://localhost/blender"},
        {"command": "", "args": ["blender"]},
        {**ENTRY, "env": ["A=b"]},
        {"command": "uvx", "args": "--quiet mcp-for-blender"},
        {**ENTRY, "env": {"A": 1.10}},
    ],
)
def test_a_value_that_may_mean_something_else(doctor: Doctor, entry: object) -> None:
    doctor.configure(entry)
    nothing_to_apply(doctor.run(**CLIENT), "client.entry-invalid")


def test_the_key_of_another_app(doctor: Doctor) -> None:
    file = put(doctor.home / ".config/Code/User/mcp.json", "mcpServers", {**ENTRY, "env": {"A": SECRET}})
    after = repaired(doctor, "client.config-wrong-key", **CLIENT)
    assert after[file.name] == file.read_text().replace('"mcpServers"', '"servers"')
    file.unlink()
    file = put(
        doctor.home / ".codex/config.toml",
        "",
        '[mcpServers.blender]\ncommand = "uvx" # c\n\n[mcpServers.blender.env]\nA = "b"\n',
    )
    after = repaired(doctor, "client.config-wrong-key", **CLIENT)
    assert after[file.name] == file.read_text().replace("mcpServers", "mcp_servers")


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ({"a": 1, "blender": ENTRY, "z": {}}, {"a": 1, "z": {}, "mcpServers": {"blender": ENTRY}}),
        ({"mcpServers": {"one": OTHER}, "blender": ENTRY}, {"mcpServers": {"one": OTHER, "blender": ENTRY}}),
        ({"mcpServers": {"mcpServers": {"blender": ENTRY}}}, {"mcpServers": {"blender": ENTRY}}),
        (
            {"mcpServers": {"one": OTHER, "mcpServers": {"two": OTHER, "blender": ENTRY}}},
            {"mcpServers": {"one": OTHER, "two": OTHER, "blender": ENTRY}},
        ),
        ({"mcp": {"servers": {"blender": ENTRY}}}, {"mcpServers": {"blender": ENTRY}}),
        (
            {"mcp": {"inputs": [], "servers": {"blender": ENTRY}}},
            {"mcp": {"inputs": []}, "mcpServers": {"blender": ENTRY}},
        ),
        ({"servers": {"blender": ENTRY}, "mcpServers": {}}, {"mcpServers": {"blender": ENTRY}}),
        (
            {"blender": ENTRY, "shell": {"command": "bash"}},
            {"shell": {"command": "bash"}, "mcpServers": {"blender": ENTRY}},
        ),
        ({"server": {"port": 1, "blender": ENTRY}}, {"server": {"port": 1}, "mcpServers": {"blender": ENTRY}}),
    ],
)
def test_outside_of_its_key(doctor: Doctor, content: dict[str, object], wanted: dict[str, object]) -> None:
    file = doctor.write(json.dumps(content, indent=2))
    after = repaired(doctor, "client.config-wrong-key", **CLIENT)
    assert json.loads(after[file.name]) == wanted


@pytest.mark.parametrize(
    "content",
    [
        {"mcpServers": {"b": {"command": "other"}}, "servers": {"b": ENTRY}},
        {"servers": {"blender": {**ENTRY, "args": {}}}},
        {"blender": {**ENTRY, "env": {"K": "${input:k}"}}, "inputs": []},
        {"blender": ENTRY, "history": ["z" * 20_000]},
    ],
)
def test_a_right_place_that_is_not_certain(doctor: Doctor, content: dict[str, object]) -> None:
    doctor.write(json.dumps(content, indent=2))
    nothing_to_apply(doctor.run(**CLIENT), "client.config-wrong-key")


def test_a_server_that_stands_twice_or_beside_comments_is_left_to_the_user(doctor: Doctor) -> None:
    one = json.dumps(ENTRY)
    doctor.write(f'{{"mcpServers": {{}}, "servers": {{"blender": {one}, "blender": {one}}}}}')
    nothing_to_apply(doctor.run(**CLIENT), "client.config-wrong-key")
    doctor.config.unlink()
    put(doctor.home / ".config/Code/User/mcp.json", "", f'{{"servers": {{}}, "mcp": {{"blender": {one} /* c */}}}}')
    nothing_to_apply(doctor.run(**CLIENT), "client.config-wrong-key")


def test_the_key_of_another_app_with_a_server_that_is_reached_by_its_address(doctor: Doctor) -> None:
    servers = {"blender": ENTRY, "hub": {"url": "https://example.org/mcp"}}
    file = put(doctor.home / ".config/Code/User/mcp.json", "", json.dumps({"mcpServers": servers}))
    after = repaired(doctor, "client.config-wrong-key", **CLIENT)
    assert json.loads(after[file.name]) == {"servers": servers}


def test_the_key_and_the_shape_of_another_app(doctor: Doctor) -> None:
    put(doctor.home / FILES["opencode"][0]["linux"], "mcpServers", ENTRY)
    nothing_to_apply(doctor.run(**CLIENT), "client.config-wrong-key")


def test_in_the_file_of_the_apps_state(doctor: Doctor) -> None:
    doctor.write('{\n  "preferences": {}\n}\n')
    other = {"command": "other", "env": {"A": SECRET}}
    wrong = {"theme": "dark", "mcpServers": {"blender": ENTRY, "other": other}}
    doctor.config.with_name("config.json").write_text(json.dumps(wrong, indent=2))
    after = repaired(doctor, "client.config-wrong-file", **CLIENT)
    assert json.loads(after[CONFIG]) == {"preferences": {}, "mcpServers": wrong["mcpServers"]}
    assert json.loads(after["config.json"]) == {"theme": "dark"}
    doctor.configure({"command": "mine"}, name="other")
    nothing_to_apply(doctor.run(**CLIENT), "client.config-wrong-file")


def test_in_the_other_build_of_the_app(doctor: Doctor) -> None:
    doctor.platform = "win32"
    doctor.configure({**ENTRY, "env": {"A": SECRET}})
    put(doctor.home / PACKAGED / CONFIG, "", '{"preferences": {}}')
    after = repaired(doctor, "client.config-wrong-location", **CLIENT)
    assert json.loads(after[CONFIG])["mcpServers"]["blender"]["args"] == ENTRY["args"]


def test_several_servers_of_an_app_with_a_switch(doctor: Doctor) -> None:
    entry = {**ENTRY, "command": str(doctor.script("uvx", ""))}
    servers = {"blender": entry, "old": {**entry, "args": ["blender-mcp"]}}
    file = put(doctor.home / ".cursor/mcp.json", "", json.dumps({"mcpServers": servers}, indent=2))
    for number, off in enumerate(("old", "blender")):
        after = repaired(doctor, "client.duplicate-servers", number, **CLIENT)
        wanted = {name: {**entry, "disabled": True} if name == off else entry for name, entry in servers.items()}
        assert json.loads(after[file.name]) == {"mcpServers": wanted}


def test_several_servers_of_an_app_without_a_switch(doctor: Doctor) -> None:
    entry = {**ENTRY, "command": str(doctor.script("uvx", ""))}
    doctor.configure(entry, old={**entry, "args": ["blender-mcp"]}, other={"command": "x"})
    after = repaired(doctor, "client.duplicate-servers", 1, **CLIENT)
    assert json.loads(after[CONFIG])["mcpServers"].keys() == {"old", "other"}


@pytest.mark.parametrize("app", ["cursor", "opencode", "zed"])
def test_switched_off(doctor: Doctor, app: str) -> None:
    switch = {"disabled": True} if app == "cursor" else {"enabled": False}
    file = put_app(doctor, app, **switch)
    after = repaired(doctor, "client.entry-disabled", **CLIENT)
    old, new = ("true", "false") if app == "cursor" else ("false", "true")
    assert after[file.name] == file.read_text().replace(old, new)


def test_switched_off_in_a_list_and_in_toml(doctor: Doctor) -> None:
    settings = {"mcpServers": {"blender": ENTRY}, "mcp": {"excluded": ["other", "blender"]}}
    file = put(doctor.home / ".gemini/settings.json", "", json.dumps(settings, indent=2))
    after = repaired(doctor, "client.entry-disabled", **CLIENT)
    assert json.loads(after[file.name])["mcp"] == {"excluded": ["other"]}
    file.unlink()
    text = '[mcp_servers.blender]\nenabled = false # for now\ncommand = "uvx"\n'
    file = put(doctor.home / ".codex/config.toml", "", text)
    assert repaired(doctor, "client.entry-disabled", **CLIENT)[file.name] == text.replace("false", "true")


def test_lost_and_in_a_backup(doctor: Doctor) -> None:
    backup = doctor.write('{\n  "preferences": {"a": 1}\n}').with_name(f"{CONFIG}.bak")
    servers = {"blender": {**ENTRY, "env": {"A": SECRET}}, "other": {"command": "x"}}
    backup.write_text(json.dumps({"preferences": {"a": 2}, "mcpServers": servers}))
    after = repaired(doctor, "client.entry-lost", **CLIENT)
    restored = {"preferences": {"a": 1}, "mcpServers": {"blender": servers["blender"]}}
    assert json.loads(after[CONFIG]) == restored


def test_a_report_shows_the_repair_and_nothing_of_its_edits(doctor: Doctor) -> None:
    program = tool(doctor)
    doctor.configure(ENTRY)
    report = doctor.run(**LAUNCHER)
    (remedy,) = offered(found(report, "launcher.not-found"))
    assert remedy.edits[0].file == doctor.config
    shown = next(f for f in json.loads(render(report, "json"))["findings"] if f["id"] == "launcher.not-found")
    assert shown["remedies"][0] == {
        "title": "Use the full path of the program in “blender” of Claude Desktop",
        "kind": "apply",
        "text": f"~/.config/Claude/{CONFIG}",
    }
    assert "mcp-diagnostics fix launcher.not-found" in render(report, "text")
    assert str(program) not in render(report, "json")


@pytest.mark.parametrize("app", ["codex", "opencode"])
def test_what_is_to_be_pasted_is_written_as_the_app_wants_it(doctor: Doctor, app: str) -> None:
    files, key, _entry = FILES[app]
    entry: object = '[mcp_servers.blender]\ncommand = "/nowhere/uv"\nargs = ["mcp-for-blender"]\n'
    if app == "opencode":
        entry = {"type": "local", "command": ["/nowhere/uv", "mcp-for-blender"]}
    put(doctor.home / files["linux"], key, entry)
    doctor.environ["PATH"] = str(doctor.home / "nothing")
    program = doctor.script(".local/bin/uv", "")
    told = found(doctor.run(**LAUNCHER), "launcher.not-found")
    (text, *_) = [remedy.exact for remedy in told.remedies if remedy.kind == "copy"]
    if app == "codex":
        assert tomllib.loads(text) == {"command": str(program)}
    else:
        assert json.loads(f"{{{text}}}") == {"command": [str(program), "mcp-for-blender"]}


SENT = ["blender-mcp==1.5.6", "--port", "9877"]
IN_FILE = {
    "claude-desktop": {"command": "uvx", "args": SENT},
    "opencode": {"type": "local", "command": ["uvx", *SENT]},
    "codex": f'[mcp_servers.blender]\ncommand = "uvx"\nargs = {json.dumps(SENT)}\n',
}


@pytest.mark.parametrize("app", IN_FILE)
@pytest.mark.parametrize("variables", [{}, {"BLENDER_HOST": "127.0.0.1"}], ids=["without", "with"])
def test_variables_to_be_pasted_take_no_others_place(doctor: Doctor, app: str, variables: dict[str, str]) -> None:
    """Of two members of the same name an app reads the last alone."""
    files, key, _entry = FILES[app]
    entry, name = IN_FILE[app], "environment" if app == "opencode" else "env"
    if variables and isinstance(entry, str):
        entry += '[mcp_servers.blender.env]\nBLENDER_HOST = "127.0.0.1"\n'
    elif variables and isinstance(entry, dict):
        entry = {**entry, name: variables}
    put(doctor.home / files["linux"], key, entry)
    told = found(doctor.run(only=["client", "launcher", "server"]), "server.port-ignored")
    remedy = next(one for one in told.remedies if one.kind == "copy" and "BLENDER_PORT" in one.exact)
    pasted = tomllib.loads(remedy.exact) if app == "codex" else json.loads(f"{{{remedy.exact}}}")
    port = {"BLENDER_PORT": "9877"}
    assert pasted == (port if variables else {name: port})
    assert (f"put this into “{name}”" in remedy.title) == bool(variables)


def test_what_stands_in_comments_is_not_shown(doctor: Doctor) -> None:
    text = '{"mcpServers": {"blender": {\n"command": "uvx", "args": ["mcp-for-blender"],\n'
    text += '"env": {\n// "WEIRD": "plainsecretval1",\n"A": "plainsecretval2" // was plainsecretval3\n}\n}}}\n'
    doctor.write(text)
    remedy = offered(found(doctor.run(**CLIENT), "client.config-unparsable"))[0]
    preview = plan(remedy, doctor.machine, own_folder=doctor.home / "own").preview
    assert "plainsecretval" not in preview
    assert '"A"' in preview


def test_what_is_no_text_is_refused_in_words(doctor: Doctor) -> None:
    doctor.write('{"mcpServers": {"blender": {"command": "uvx", "args": "mcp-for-blender\\ud83d"}}}')
    (remedy,) = offered(found(doctor.run(**CLIENT), "client.entry-invalid"))
    with pytest.raises(ChangeError, match="no text"):
        plan(remedy, doctor.machine, own_folder=doctor.home / "own")
    assert b"ud83d" in doctor.config.read_bytes()


def test_one_command_under_two_names_is_started_twice(doctor: Doctor) -> None:
    entry = {**ENTRY, "command": str(doctor.script("uvx", ""))}
    doctor.configure(entry, again=entry)
    assert "client.duplicate-servers" in ids(doctor.run(**CLIENT))
