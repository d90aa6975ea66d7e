# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of files: shown without secrets, made whole or not at all, and taken back byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import diagnostics
from diagnostics.knowledge.repairs import remedy
from diagnostics.model import FileEdit, Machine, Operation, Remedy, Remove, SetValue
from diagnostics.remedies import Change, ChangeError, plan, undo
from diagnostics.remedies.journal import FILE_NAME

from ..runs import names_in

ROOT = Path(diagnostics.__file__).parents[1]
AT = ("mcpServers", "blender", "command")
CONFIG = """{
  "mcpServers": {
    "blender": {
      "command": "uvx", "args": ["mcp-for-blender", "--api-key", "hunter2 hunter3"],
      "env": {"SKETCHFAB": "s3cr3t value", "BLENDER_PORT": "9988", "PATH": "/usr/bin"}
    }
  }
}
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions, links and signals")
as_root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root of Linux")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine("linux", tmp_path, {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "mcp.json"
    path.parent.mkdir()
    path.write_text(CONFIG)
    return path


def repair(*edits: tuple[Path, Operation]) -> Remedy:
    made = tuple(FileEdit(path, hashlib.sha256(path.read_bytes()).hexdigest(), "cursor", (one,)) for path, one in edits)
    return remedy("full-path", made, {"entry": "blender", "app": "Cursor"})


def planned(file: Path, machine: Machine, value: str = "/opt/uvx") -> Change:
    return plan(repair((file, SetValue(AT, value))), machine, own_folder=machine.home / "own")


def back(machine: Machine) -> Change | None:
    return undo.last(machine.home / "own", machine)


def backups(file: Path) -> list[Path]:
    return sorted(file.parent.glob(f"{file.name}.bak-*"))


def test_made_and_undone(file: Path, machine: Machine) -> None:
    change = planned(file, machine)
    assert file.read_text() == CONFIG
    said = change.carry_out()
    assert file.read_text() == CONFIG.replace('"uvx"', '"/opt/uvx"')
    (backup,) = backups(file)
    assert backup.read_text() == CONFIG
    assert str(file) in said
    assert str(backup) in said
    assert "Cursor" in said, "what the user does next"
    again = back(machine)
    assert again is not None
    assert change.title in again.title
    assert '+      "command": "uvx"' in again.preview
    again.carry_out()
    assert file.read_text() == CONFIG
    assert back(machine) is None


def test_the_preview_has_no_secret(file: Path, machine: Machine) -> None:
    shown = planned(file, machine).preview
    assert f"--- {file}\n+++ {file}\n@@ -1,7 +1,7 @@\n" in shown
    assert '+      "command": "/opt/uvx", "args": ["mcp-for-blender", "--api-key", "‹masked›"]' in shown
    assert "hunter" not in shown
    assert "s3cr3t" not in shown
    assert '"BLENDER_PORT": "9988", "PATH": "/usr/bin"' in shown


def test_a_secret_that_is_escaped_in_the_file(file: Path, machine: Machine) -> None:
    file.write_text(CONFIG.replace("s3cr3t value", 's3cr3t \\"quoted\\" \\\\ value'))
    assert json.loads(file.read_text())["mcpServers"]["blender"]["env"]["SKETCHFAB"] == 's3cr3t "quoted" \\ value'
    assert "s3cr3t" not in planned(file, machine).preview
    assert "quoted" not in planned(file, machine).preview


def test_a_file_of_one_long_line(file: Path, machine: Machine) -> None:
    document = {"history": ["x" * 50] * 2000, **json.loads(CONFIG), "more": ["y" * 50] * 2000}
    file.write_text(json.dumps(document))
    shown = planned(file, machine).preview
    assert len(shown) < 3000
    assert '"command": "/opt/uvx"' in shown
    assert "hunter" not in shown


def test_far_down_in_a_file(file: Path, machine: Machine) -> None:
    file.write_text("{\n" + '"a": 1,\n' * 5000 + CONFIG[1:])
    assert "@@ -5002,7 +5002,7 @@" in planned(file, machine).preview


def test_two_undos(file: Path, machine: Machine) -> None:
    planned(file, machine, "/one").carry_out()
    planned(file, machine, "/two").carry_out()
    assert len(backups(file)) == 2
    for left in ("/one", "uvx"):
        change = back(machine)
        assert change is not None
        change.carry_out()
        assert json.loads(file.read_text())["mcpServers"]["blender"]["command"] == left
    assert back(machine) is None


def test_a_change_after_an_undo_is_the_last_one(file: Path, machine: Machine) -> None:
    for value in ("/one", "/two"):
        planned(file, machine, value).carry_out()
        change = back(machine)
        assert change is not None
        change.carry_out()
    assert file.read_text() == CONFIG
    assert back(machine) is None


def test_a_file_that_changed_since_the_diagnosis(file: Path, machine: Machine) -> None:
    old = repair((file, SetValue(AT, "/x")))
    file.write_text(CONFIG + "\n")
    with pytest.raises(ChangeError, match="has changed since the diagnosis"):
        plan(old, machine)
    file.unlink()
    with pytest.raises(ChangeError, match="is not there any more"):
        plan(old, machine)


def test_a_file_that_changes_after_it_was_shown(file: Path, machine: Machine) -> None:
    change = planned(file, machine)
    file.write_text("{}")
    with pytest.raises(ChangeError, match="since this change was shown"):
        change.carry_out()
    assert names_in(file.parent) == ["mcp.json"]
    assert back(machine) is None


def test_what_cannot_be_changed_safely(file: Path, machine: Machine) -> None:
    with pytest.raises(ChangeError, match="cannot be changed safely"):
        plan(repair((file, Remove(("mcpServers", "other")))), machine)
    with pytest.raises(ChangeError, match="nothing that this repair would change"):
        plan(repair((file, SetValue(AT, "uvx"))), machine)
    file.write_bytes(b"\xff")
    with pytest.raises(ChangeError, match="not UTF-8"):
        plan(repair((file, Remove(()))), machine)


def test_what_the_app_could_not_read_is_not_written(file: Path, machine: Machine) -> None:
    file.write_text("{ // mine\n" + CONFIG[1:])  # which Cursor refuses
    with pytest.raises(ChangeError, match="could not read"):
        planned(file, machine)


def test_a_repair_that_is_made_elsewhere(machine: Machine) -> None:
    with pytest.raises(ChangeError, match="cannot be made from here"):
        plan(Remedy("Enable", "apply", "addon", action="enable-addon"), machine)


@posix
def test_permissions_and_a_link(file: Path, machine: Machine) -> None:
    file.chmod(0o600)
    link = machine.home / "link.json"
    link.symlink_to(file)
    change = planned(link, machine)
    change.carry_out()
    assert link.is_symlink()
    assert "/opt/uvx" in file.read_text()
    assert {path.stat().st_mode & 0o777 for path in (file, *backups(file))} == {0o600}
    assert names_in(machine.home) == ["config", "link.json", "own"]
    again = back(machine)
    assert again is not None
    again.carry_out()
    assert link.is_symlink()
    assert file.read_text() == CONFIG


def test_marks_and_line_ends_stay(file: Path, machine: Machine) -> None:
    data = b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").rstrip().encode()
    file.write_bytes(data)
    planned(file, machine).carry_out()
    assert file.read_bytes() == data.replace(b'"uvx"', b'"/opt/uvx"')


def test_the_user_has_edited_since(file: Path, machine: Machine) -> None:
    planned(file, machine).carry_out()
    file.write_text(file.read_text() + "\n")
    with pytest.raises(ChangeError) as refused:
        back(machine)
    (backup,) = backups(file)
    command = str(refused.value).partition("type: ")[2]
    assert "changed after the repair" in str(refused.value)
    assert file.read_text().endswith("\n\n")
    subprocess.run(command, shell=True, check=True)
    assert file.read_text() == backup.read_text() == CONFIG


def test_edited_between_plan_and_undo(file: Path, machine: Machine) -> None:
    planned(file, machine).carry_out()
    change = back(machine)
    assert change is not None
    file.write_text("{}")
    with pytest.raises(ChangeError, match="changed after the repair"):
        change.carry_out()
    assert file.read_text() == "{}"


def test_a_backup_is_gone_or_damaged(file: Path, machine: Machine) -> None:
    planned(file, machine).carry_out()
    (backup,) = backups(file)
    backup.write_text("")
    with pytest.raises(ChangeError, match="not what it was when it was made"):
        back(machine)
    backup.unlink()
    with pytest.raises(ChangeError, match="is not there any more, so"):
        back(machine)
    assert "/opt/uvx" in file.read_text()


def test_the_file_is_gone(file: Path, machine: Machine) -> None:
    planned(file, machine).carry_out()
    file.unlink()
    with pytest.raises(ChangeError, match=r"nothing to undo.*type: cp "):
        back(machine)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 2}', '{"format": 1, "changes": [{}]}', "[" * 100000])
def test_a_damaged_journal(file: Path, machine: Machine, content: str) -> None:
    journal = machine.home / "own" / FILE_NAME
    journal.parent.mkdir()
    journal.write_text(content)
    with pytest.raises(ChangeError, match="is damaged"):
        back(machine)
    planned(file, machine).carry_out()
    (aside,) = journal.parent.glob(f"{FILE_NAME}.damaged-*")
    assert aside.read_text() == content
    again = back(machine)
    assert again is not None
    again.carry_out()
    assert file.read_text() == CONFIG


def test_the_journal_is_bounded_and_holds_no_content(file: Path, machine: Machine) -> None:
    for number in range(25):
        planned(file, machine, f"/{number}").carry_out()
    journal = (machine.home / "own" / FILE_NAME).read_text()
    assert len(json.loads(journal)["changes"]) == 20
    assert "hunter" not in journal
    assert "/24" not in journal
    assert len(backups(file)) == 25


def test_two_files_or_none(file: Path, machine: Machine) -> None:
    other = file.with_name("other.json")
    other.write_text(CONFIG)
    both = repair((file, SetValue(AT, "/x")), (other, SetValue(AT, "/y")))
    change = plan(both, machine, own_folder=machine.home / "own")
    assert change.preview.count("--- ") == 2
    change.carry_out()
    assert ("/x" in file.read_text(), "/y" in other.read_text()) == (True, True)
    again = back(machine)
    assert again is not None
    again.carry_out()
    assert file.read_text() == other.read_text() == CONFIG


@posix
def test_the_second_file_cannot_be_written(file: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    other = file.with_name("other.json")
    other.write_text(CONFIG)
    both = repair((file, SetValue(AT, "/x")), (other, SetValue(AT, "/y")))
    change = plan(both, machine, own_folder=machine.home / "own")
    real, seen = Path.replace, []

    def replace(self: Path, target: Path) -> Path:
        if target.name == "other.json":
            seen.append(file.read_text())
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(ChangeError, match="No space left on device"):
        change.carry_out()
    assert "/x" in seen[0]
    assert file.read_text() == other.read_text() == CONFIG
    assert names_in(file.parent) == ["mcp.json", "other.json"]
    assert back(machine) is None


@as_root
@pytest.mark.parametrize("what", ["file", "folder", "journal"])
def test_without_permission(file: Path, what: str) -> None:
    """As another user than root, to whom nothing is forbidden."""
    folder = Path("/tmp") / f"mcp-diagnostics-{os.getpid()}-{what}"
    shutil.copytree(file.parent, folder / "config")
    own = folder / "own"
    own.mkdir()
    nobody = 65534
    for path in (folder, folder / "config", folder / "config/mcp.json", own):
        os.chown(path, nobody, nobody)
    try:
        {"file": folder / "config/mcp.json", "folder": folder / "config", "journal": own}[what].chmod(0o555)
        code = (
            "import sys, pathlib; sys.path.insert(0, sys.argv[2])\n"
            "from tests.diagnostics.remedies.test_file_change import *\n"
            "home = pathlib.Path(sys.argv[1])\n"
            "change = planned(home / 'config/mcp.json', Machine('linux', home, {}))\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "try: change.carry_out()\n"
            "except ChangeError as error: print(error)\n"
        )
        argv = [sys.executable, "-c", code, str(folder), str(ROOT)]
        said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        assert "Nothing was changed." in said
        assert "ermission" in said
        assert names_in(folder / "config") == ["mcp.json"]
        assert (folder / "config/mcp.json").read_text() == CONFIG
    finally:
        shutil.rmtree(folder)


@as_root
def test_the_owner_stays(file: Path, machine: Machine) -> None:
    os.chown(file, 1234, 1235)
    planned(file, machine).carry_out()
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 1235)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@as_root
@pytest.mark.parametrize("free", [0, 4096, 8192])
def test_a_full_disk(small_disk: Path, machine: Machine, free: int) -> None:
    file = small_disk / "mcp.json"
    file.write_text(CONFIG)
    filling = small_disk / "filling"
    room = os.statvfs(small_disk)
    filling.write_bytes(b"x" * (room.f_bavail * room.f_frsize - free))
    change = plan(repair((file, SetValue(AT, "/opt/uvx"))), machine, own_folder=small_disk / "own")
    with pytest.raises(ChangeError, match=r"No space left on device\. Nothing was changed\."):
        change.carry_out()
    assert file.read_text() == CONFIG
    assert {"filling", "mcp.json"} <= set(names_in(small_disk)) <= {"filling", "mcp.json", "own"}
    filling.unlink()
    change.carry_out()
    assert "/opt/uvx" in file.read_text()


KILLED = """
import os, sys, pathlib
sys.path.insert(0, sys.argv[2])
from tests.diagnostics.remedies.test_file_change import Machine, planned

home, last = pathlib.Path(sys.argv[1]), int(sys.argv[3])
change = planned(home / "config/mcp.json", Machine("linux", home, {}))
seen = 0

def count(event, args):
    global seen
    # Every opening, renaming, removing and changing of permissions comes by here, before it is done.
    if event.startswith(("open", "os.")):
        seen += 1
        if seen == last:
            os.kill(os.getpid(), 9)

sys.addaudithook(count)
change.carry_out()
count("os.end", ())
print(seen)
"""


@posix
def test_killed_at_any_point(file: Path, machine: Machine) -> None:
    new = CONFIG.replace('"uvx"', '"/opt/uvx"')
    argv = [sys.executable, "-c", KILLED, str(machine.home), str(ROOT)]
    steps = int(subprocess.run([*argv, "0"], capture_output=True, text=True, check=True).stdout)
    assert steps > 10
    outcomes = set()
    for last in range(1, steps + 1):
        shutil.rmtree(machine.home / "own")
        for path in file.parent.iterdir():
            path.unlink()
        file.write_text(CONFIG)
        ended = subprocess.run([*argv, str(last)], capture_output=True, text=True, check=False)
        assert ended.returncode == -9
        content = file.read_text()
        assert content in {CONFIG, new}
        outcomes.add(content)
        (machine.home / "own").mkdir(exist_ok=True)
        change = back(machine)
        assert (change is not None) == (content == new), "what was changed can be undone, and nothing else"
        if change is not None:
            change.carry_out()
        assert file.read_text() == CONFIG
    assert outcomes == {CONFIG, new}
