# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an app looks for programs, what it finds there, and what it hands to them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diagnostics.model import Machine
from diagnostics.probes.process_names import ProcessNames, read_process_names
from diagnostics.probes.search_path import Program, SearchPath, app_search_path, child_environment, find_program

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and paths")
LINUX = Machine("linux", Path("/nowhere"), {})


def executable(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode)
    return path


@posix
def test_the_first_folder_wins(tmp_path: Path) -> None:
    first, second = (executable(tmp_path / folder / "tool") for folder in ("1", "2"))
    folders = [tmp_path / "missing", first.parent, second.parent]
    assert find_program("tool", folders, LINUX) == Program(first)
    assert find_program("other", folders, LINUX) == Program(None)


@posix
def test_what_may_not_be_executed_is_passed_over_and_told(tmp_path: Path) -> None:
    locked = executable(tmp_path / "1" / "tool", 0o644)
    assert find_program("tool", [locked.parent], LINUX) == Program(None, locked)
    good = executable(tmp_path / "2" / "tool")
    assert find_program("tool", [locked.parent, good.parent], LINUX) == Program(good, locked)


def test_a_folder_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "tool").mkdir()
    assert find_program("tool", [tmp_path], LINUX) == Program(None)


@posix
def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    tool = executable(tmp_path / "bin" / "tool")
    executable(tmp_path / "other" / "tool")
    assert find_program(str(tool), [tmp_path / "other"], LINUX).path == tool
    assert find_program("bin/tool", [tmp_path / "other"], LINUX, str(tmp_path)).path == tool
    assert find_program(str(tmp_path / "no" / "tool"), [tmp_path / "other"], LINUX) == Program(None)


@posix
def test_it_agrees_with_the_system() -> None:
    for name in ("sh", "ls", "no-such-program"):
        folders = os.get_exec_path()
        found = find_program(name, folders, LINUX).path
        assert (str(found) if found else None) == shutil.which(name, path=os.pathsep.join(folders))


@pytest.mark.parametrize("command", ["", "a\0b", "x" * 5000, ".", "..", "/", "a/"])
def test_odd_names(command: str, tmp_path: Path) -> None:
    for platform in ("linux", "win32"):
        assert find_program(command, [tmp_path], Machine(platform, tmp_path, {})).path is None


@pytest.mark.parametrize("file", ["tool.exe", "tool.cmd", "tool.bat"])
def test_windows_tries_the_endings_of_programs(file: str, tmp_path: Path) -> None:
    windows = Machine("win32", tmp_path, {})
    path = executable(tmp_path / file)
    assert find_program("tool", [tmp_path], windows).path == path
    assert find_program(file, [tmp_path], windows).path == path
    assert find_program(str(tmp_path / "tool"), [], windows).path == path


def test_windows_starts_nothing_without_an_ending(tmp_path: Path) -> None:
    executable(tmp_path / "tool")
    assert find_program("tool", [tmp_path], Machine("win32", tmp_path, {})).path is None


def test_windows_prefers_the_endings_in_their_order(tmp_path: Path) -> None:
    exe, _cmd = executable(tmp_path / "tool.exe"), executable(tmp_path / "tool.cmd")
    assert find_program("tool", [tmp_path], Machine("win32", tmp_path, {})).path == exe
    later = Machine("win32", tmp_path, {"PATHEXT": ".CMD;.EXE"})
    assert find_program("tool", [tmp_path], later).path == tmp_path / "tool.cmd"


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_another_machine_has_the_usual_folders(platform: str, tmp_path: Path) -> None:
    machine = Machine(platform, tmp_path, {"PATH": "/shell/bin"})
    found = app_search_path(machine, ["python"], ["python"], ["/usr/bin", "/bin"], read_process_names())
    assert found.folders == ("/usr/bin", "/bin")
    assert found.source


def test_windows_apps_have_the_path_of_the_session(tmp_path: Path) -> None:
    machine = Machine("win32", tmp_path, {"Path": "C:\\a;;C:\\b"})
    assert app_search_path(machine, [], [], [], ProcessNames()).folders == ("C:\\a", "C:\\b")


@pytest.mark.skipif(sys.platform != "linux", reason="how Linux names processes")
def test_the_app_itself_says_where_it_looks(tmp_path: Path) -> None:
    name = f"app-{os.getpid()}"[:15]
    (tmp_path / name).symlink_to(Path(sys.executable).resolve())
    argv = [str(tmp_path / name), "-I", "-S", "-c", "print(1, flush=True); input()"]
    env = {"PATH": "/opt/app/bin:/usr/bin", "SECRET": "x"}
    with subprocess.Popen(argv, env=env, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for kinds in (([name], []), ([], [name])):
            found = app_search_path(Machine.current(), *kinds, ["/fallback"], read_process_names())
            assert found.folders == ("/opt/app/bin", "/usr/bin")
        process.communicate("\n")
    found = app_search_path(Machine.current(), [name], [], ["/fallback"], read_process_names())
    assert found.folders == ("/fallback",)


def test_the_environment_of_the_child() -> None:
    ours = {
        "PYTHONPATH": "a",
        "PYTHONHOME": "a",
        "VIRTUAL_ENV": "a",
        "CONDA_PREFIX": "a",
        "BLENDER_SYSTEM_PYTHON": "a",
        "UV_RUN_RECURSION_DEPTH": "1",
        "Path": "/shell",
        "PATH": "/shell",
    }
    theirs = {"LANG": "C", "UV_INDEX_URL": "https://example.org", "PYTHONUTF8": "1", "HOME": "/home/ada"}
    machine = Machine("linux", Path("/home/ada"), ours | theirs)
    child = child_environment(machine, SearchPath(("/a", "/b"), ""), {"LANG": "de", "X": "1"})
    assert child == theirs | {"LANG": "de", "X": "1", "PATH": "/a:/b", "DISABLE_TELEMETRY": "true"}


def test_the_path_of_a_child_on_windows() -> None:
    machine = Machine("win32", Path("C:/Users/ada"), {"Path": "x"})
    assert child_environment(machine, SearchPath(("C:\\a", "C:\\b"), ""), {})["PATH"] == "C:\\a;C:\\b"
