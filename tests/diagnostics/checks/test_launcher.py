# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of an entry, looked up as the app would, and started only with consent."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from diagnostics.model import Command, Report, Verdict

from ..runs import Doctor, closed_port, copies, found, ids, row, said

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and paths")
MARK = "raise SystemExit(open(__file__ + '.started', 'w').close())\n"
"""A program that leaves a trace when it is started."""


def look(doctor: Doctor, entry: dict[str, object] | None = None, **target: object) -> Report:
    if entry is not None:
        doctor.configure(entry)
    return doctor.run(only=["client", "launcher"], **target)


def test_found_for_a_terminal_and_not_for_the_app(doctor: Doctor) -> None:
    tool = doctor.script("shell bin/blender-tool", MARK)
    doctor.environ["PATH"] = f"/usr/bin:{tool.parent}"
    report = look(doctor, {"command": "blender-tool"})
    assert report.root_cause == "launcher.not-found"
    told = report.findings[0]
    assert told.evidence["found_at"] == "~/shell bin/blender-tool"
    assert "/usr/bin" in told.evidence["searched"]  # type: ignore[operator]
    assert json.loads("{" + copies(told)[0].exact + "}") == {"command": str(tool)}
    assert str(doctor.home) not in copies(told)[0].text


@pytest.mark.parametrize(("platform", "place"), [("linux", ".local/bin"), ("darwin", ".pyenv/shims")])
def test_found_where_installers_put_programs(doctor: Doctor, platform: str, place: str) -> None:
    doctor.platform = platform
    doctor.script(f"{place}/blender-tool", MARK)
    told = found(look(doctor, {"command": "blender-tool"}), "launcher.not-found")
    assert told.evidence["found_at"] == f"~/{place}/blender-tool"


def test_windows_looks_for_the_endings_of_programs(doctor: Doctor) -> None:
    doctor.platform = "win32"
    doctor.script(".local/bin/uvx.exe", MARK)
    doctor.environ["PATH"] = str(doctor.home / "nothing")
    assert found(look(doctor, {"command": "uvx"}), "launcher.not-found").evidence["found_at"] == "~/.local/bin/uvx.exe"
    doctor.environ["PATH"] = str(doctor.home / ".local/bin")
    assert ids(look(doctor)) == ["launcher.consent-needed"]


def test_uv_is_not_installed_at_all(doctor: Doctor) -> None:
    doctor.platform = "win32"
    report = look(doctor, {"command": "uvx", "args": ["mcp-for-blender"]})
    told = found(report, "launcher.not-found")
    assert "found_at" not in told.evidence
    assert "probably not installed" in told.detail
    assert "winget" in said(told)


def test_another_program_is_not_installed(doctor: Doctor) -> None:
    assert "install" not in " ".join(r.text for r in look(doctor, {"command": "blender-tool"}).findings[0].remedies)


def test_an_absolute_path_that_is_wrong(doctor: Doctor) -> None:
    report = look(doctor, {"command": "/nowhere/blender-tool"})
    assert report.root_cause == "launcher.not-found"
    assert "this exact file" in report.findings[0].detail
    assert "searched" not in report.findings[0].evidence


@posix
def test_not_executable(doctor: Doctor) -> None:
    tool = doctor.script("blender tool", MARK)
    tool.chmod(0o644)
    told = found(look(doctor, {"command": str(tool)}), "launcher.not-executable")
    assert copies(told)[0].exact == f"chmod +x '{tool}'"


@pytest.mark.parametrize(
    ("entry", "field", "expanded"),
    [
        ({"command": "~/bin/blender-tool"}, "command", "{home}/bin/blender-tool"),
        ({"command": "$HOME/bin/blender-tool"}, "command", "{home}/bin/blender-tool"),
        ({"command": "${HOME}/bin/blender-tool"}, "command", "{home}/bin/blender-tool"),
        ({"command": "%APPDATA%/blender/tool"}, "command", "{home}/bin/blender/tool"),
        ({"command": "/bin/sh", "cwd": "~"}, "cwd", "{home}"),
        ({"command": "/bin/ls", "args": ["--x", "~/blender"]}, "args[1]", "{home}/blender"),
        ({"command": "/bin/ls", "args": ["--x=$HOME/blender"]}, "args[0]", "--x={home}/blender"),
    ],
)
def test_what_only_a_terminal_expands(doctor: Doctor, entry: dict[str, object], field: str, expanded: str) -> None:
    # On Windows the variable would move the configuration too.
    doctor.platform, doctor.environ["APPDATA"] = "linux", str(doctor.home / "bin")
    for name in ("bin/blender-tool", "bin/blender/tool"):
        doctor.script(name, MARK)
    report = look(doctor, entry)
    assert report.root_cause == "launcher.path-unexpanded"
    told = report.findings[0]
    assert told.evidence["field"] == field
    assert json.loads(copies(told)[0].exact) == expanded.format(home=doctor.home)


@posix
@pytest.mark.parametrize("short", ["$HOME/bin/uvx", "~/bin/uvx"])
def test_a_short_form_of_a_program_that_is_elsewhere(doctor: Doctor, short: str) -> None:
    there = doctor.script(".local/bin/uvx", MARK)
    told = found(look(doctor, {"command": short, "args": ["mcp-for-blender"]}), "launcher.path-unexpanded")
    assert "~/bin/uvx, and there is nothing" in told.detail
    assert told.evidence["found_at"] == "~/.local/bin/uvx"
    assert json.loads(copies(told)[0].exact) == str(there)


def test_a_short_form_of_a_program_that_is_nowhere(doctor: Doctor) -> None:
    doctor.platform = "win32"  # where no folder of this computer is looked at
    told = found(look(doctor, {"command": "~/bin/uvx", "args": ["mcp-for-blender"]}), "launcher.path-unexpanded")
    assert "there is nothing of that name" in told.detail
    assert "winget" in said(told)
    assert not any("/bin/uvx" in remedy.text for remedy in told.remedies)


def test_a_short_form_of_a_folder_that_is_not_there(doctor: Doctor) -> None:
    told = found(look(doctor, {"command": "/bin/sh", "cwd": "~/gone"}), "launcher.path-unexpanded")
    assert "there is nothing of that name" in told.detail
    assert copies(told)[0].text == "~/gone"
    assert "exists" in copies(told)[0].title
    assert not any(remedy.is_outside_blender for remedy in told.remedies)


def test_a_short_form_of_what_is_there(doctor: Doctor) -> None:
    doctor.script("bin/blender-tool", MARK)
    told = found(look(doctor, {"command": "~/bin/blender-tool"}), "launcher.path-unexpanded")
    assert "nothing of that name" not in told.detail
    assert "found_at" not in told.evidence
    assert len(copies(told)) == 1


def test_a_variable_that_is_no_folder_is_not_looked_up(doctor: Doctor) -> None:
    doctor.environ["MY_TOKEN"] = "hunter2hunter2"
    told = found(look(doctor, {"command": "$MY_TOKEN/blender"}), "launcher.path-unexpanded")
    assert copies(told)[0].exact == "$MY_TOKEN/blender"


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "/bin/sh", "args": ["-c", "~/bin/blender-mcp $HOME/x"]},
        {"command": "/bin/ls", "args": ["costs $5", "100%", "a~b", "$", "blender"]},
    ],
)
def test_what_needs_no_expansion(doctor: Doctor, entry: dict[str, object]) -> None:
    assert ids(look(doctor, entry)) == ["launcher.consent-needed"]


def test_the_folder_to_start_in_is_missing(doctor: Doctor) -> None:
    report = look(doctor, {"command": "/bin/sh", "cwd": str(doctor.home / "gone")})
    assert report.root_cause == "launcher.cwd-missing"
    assert report.findings[0].evidence["cwd"] == "~/gone"


def test_the_path_of_the_entry_replaces_the_apps(doctor: Doctor) -> None:
    tool = doctor.script("own/blender-tool", MARK)
    entry = {"command": "blender-tool", "env": {"PATH": str(tool.parent)}}
    report = look(doctor, entry)
    assert ids(report) == ["launcher.consent-needed"]
    assert row(report, "launcher").summary == "~/own/blender-tool"
    report = look(doctor, {"command": "sh", "args": ["blender"], "env": {"PATH": str(tool.parent)}})
    assert report.root_cause == "launcher.not-found"


def test_an_empty_path_of_the_entry_finds_nothing(doctor: Doctor) -> None:
    assert look(doctor, {"command": "sh", "args": ["blender"], "env": {"PATH": ""}}).root_cause == "launcher.not-found"


def test_without_consent_nothing_is_started(doctor: Doctor) -> None:
    tool = doctor.script("blender-tool", MARK)
    doctor.configure({"command": str(tool), "args": ["a b"], "env": {"MY_VALUE": "hunter2hunter2"}})
    report = doctor.run(host="127.0.0.1", port=closed_port())
    told = found(report, "launcher.consent-needed")
    assert not Path(f"{tool}.started").exists()
    assert report.did.started == ()
    assert row(report, "server").verdict is Verdict.UNKNOWN
    assert told.evidence["variables"] == ("MY_VALUE",)
    assert report.consents[0].command_line == "~/blender-tool 'a b'"
    assert report.consents[0].app == "Claude Desktop"


def test_the_digest_allows_exactly_this_command(doctor: Doctor) -> None:
    entry: dict[str, object] = {"command": "/bin/sh", "args": ["blender", "a b"], "env": {"A": "1"}, "cwd": "/"}
    digest = look(doctor, entry).consents[0].digest
    assert ids(look(doctor, entry, allowed_commands=[digest])) == []
    for change in (
        {"command": "/bin/ls"},
        {"args": ["blender", "a", "b"]},
        {"args": ["blender", "a b", ""]},
        {"env": {"A": "2"}},
        {"env": {"A": "1", "B": ""}},
        {"cwd": "/tmp"},
    ):
        assert ids(look(doctor, entry | change, allowed_commands=[digest])) == ["launcher.consent-needed"]


def test_the_order_of_variables_is_no_change() -> None:
    one, other = (Command("a", ("b",), dict(pairs)) for pairs in ([("A", "1"), ("B", "2")], [("B", "2"), ("A", "1")]))
    assert one.digest == other.digest


def test_words_cannot_move_between_the_parts_of_a_command() -> None:
    commands = [Command("a", ("b", "c")), Command("a b", ("c",)), Command("a", ("b c",)), Command("a", ("b",), {}, "c")]
    assert len({command.digest for command in commands}) == 4


def test_launch_allows_every_command(doctor: Doctor) -> None:
    report = look(doctor, {"command": "/bin/sh", "args": ["blender"]}, launch=True)
    assert report.findings == ()
    assert report.consents == ()


def test_one_of_two_entries_is_wrong(doctor: Doctor) -> None:
    good = {"command": "/bin/sh", "args": ["blender"]}
    doctor.configure(good, "blender", other={"command": "blender-tool"})
    report = look(doctor)
    assert report.root_cause == "launcher.not-found"
    assert "launcher.consent-needed" in ids(report)


def test_it_waits_for_a_configuration_that_can_be_read(doctor: Doctor) -> None:
    doctor.write("{")
    report = look(doctor)
    assert row(report, "launcher").verdict is Verdict.SKIPPED
    assert row(report, "launcher").summary == "waits for AI App"


def test_without_an_app_it_does_not_apply(doctor: Doctor) -> None:
    assert row(look(doctor), "launcher").summary == "no Blender server configured"


@posix
@pytest.mark.parametrize("installs", ["uvx", "uv"])
def test_a_line_for_a_shell_that_sets_a_variable_keeps_it(doctor: Doctor, installs: str) -> None:
    tool = doctor.script(f"shell bin/{installs}", MARK)
    doctor.environ["PATH"] = str(tool.parent)
    entry = {"command": "bash", "args": ["-c", "FOO=1 exec uvx blender-mcp --port 29876"]}
    told = found(look(doctor, entry), {"uvx": "launcher.not-found", "uv": "launcher.uvx-missing"}[installs])
    assert "through “exec”" not in told.detail
    assert told.evidence["through"] == "bash"
    texts = [remedy.exact for remedy in copies(told)]
    assert texts[0] == (f"'{tool}'" if installs == "uvx" else f"'{tool}' tool run")
    assert not any('"command"' in text or "…" in text for text in texts)
    assert not any(remedy.is_outside_blender for remedy in told.remedies)


@posix
def test_a_line_for_a_shell_that_only_starts_is_replaced(doctor: Doctor) -> None:
    tool = doctor.script("shell bin/uvx", MARK)
    doctor.environ["PATH"] = str(tool.parent)
    entry = {"command": "bash", "args": ["-c", "exec uvx blender-mcp --port 29876"], "env": {"FOO": "1"}}
    told = found(look(doctor, entry), "launcher.not-found")
    assert json.loads("{" + copies(told)[0].exact + "}") == {
        "command": str(tool),
        "args": ["blender-mcp", "--port", "29876"],
    }
    assert any(remedy.is_outside_blender for remedy in told.remedies)


@posix
def test_a_misspelt_package_in_a_line_that_sets_a_variable(doctor: Doctor) -> None:
    doctor.script(".local/bin/uvx", MARK)
    doctor.environ["PATH"] = "/usr/bin:/bin"
    uvx = doctor.home / ".local/bin/uvx"
    entry = {"command": "bash", "args": ["-c", f"FOO=1 exec {uvx} blendr-mcp"]}
    assert [remedy.text for remedy in copies(found(look(doctor, entry), "launcher.package-unknown"))] == ["blender-mcp"]
