# SPDX-License-Identifier: GPL-3.0-or-later
"""Which environment a command uses: what reading says is compared with what the real uv and the real Python use."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from diagnostics.ledger import Ledger
from diagnostics.model import Command, Machine
from diagnostics.probes.launch_environment import LaunchEnvironment, find_launch_environment
from diagnostics.probes.uv_environments import cache_folder, tools_folder

from ..environments import site_packages, uv, virtual_environment, wheel

PREFIX = "import sys\n\ndef main():\n    print(sys.prefix)\n"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the folders are those of POSIX")


class Desk:
    """A home folder with a uv of its own, which has small packages to install."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.wheels = home / "wheels"
        self.env = {"UV_CACHE_DIR": str(home / "cache"), "UV_TOOL_DIR": str(home / "tools")}
        self.settings = {**self.env, "UV_TOOL_BIN_DIR": str(home / "bin"), "UV_FIND_LINKS": str(self.wheels)}
        self.settings["UV_PYTHON"] = sys.executable
        for version in ("1.0", "2.0"):
            wheel(self.wheels, "part", version)
            files = {"tool/__init__.py": PREFIX}
            wheel(self.wheels, "tool", version, "part", files=files, main="tool:main")
        wheel(self.wheels, "extra", "1.0")

    def uv(self, *words: str | Path) -> str:
        return uv(*words, env=self.settings).strip()

    def find(self, program: str | Path, *args: str, cwd: Path | None = None, **env: str) -> LaunchEnvironment | None:
        command = Command(str(program), args, env, str(cwd) if cwd else None)
        machine = Machine("linux", self.home, {})
        return find_launch_environment(
            command, Path(program), {**self.env, **env}, machine, Ledger(), closely=("part",)
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


REQUESTS = [
    "tool",
    "tool==1.0",
    "tool@1.0",
    "tool@2.0",
    "tool@latest",
    "--isolated tool",
    "--with part tool",
    "--with part<2 tool",
    "--with extra tool",
    "--from tool>=1 tool",
    "--from tool>1 tool",
]


@pytest.mark.parametrize("line", REQUESTS)
@pytest.mark.parametrize("installed", [True, False])
def test_uvx(desk: Desk, line: str, *, installed: bool) -> None:
    if installed:
        desk.uv("tool", "install", "--quiet", "tool==1.0")
    args = shlex.split(line.replace("<", "'<'").replace(">", "'>'"))
    used = Path(desk.uv("tool", "run", *args))
    found = desk.find("uvx", *args)
    assert found is not None
    assert found.environment.root == used
    assert found.environment.kind == ("uv tool" if desk.home / "tools" in used.parents else "uvx")
    assert found.environment.packages["tool"].version in {"1.0", "2.0"}


def test_of_several_the_one_that_was_made_last(desk: Desk) -> None:
    desk.uv("tool", "run", "--with", "part<2", "tool==2.0")
    used = Path(desk.uv("tool", "run", "tool==2.0"))
    found = desk.find("uvx", "tool==2.0")
    assert found is not None
    assert (found.environment.root, found.sure) == (used, False)


@pytest.mark.parametrize(
    "args", [["other"], ["tool==3"], ["--with", "gone", "tool"], ["-p", "3.9", "tool"], ["--no-cache", "tool"]]
)
def test_nothing_was_made_for_it(desk: Desk, args: list[str]) -> None:
    desk.uv("tool", "run", "tool")
    assert desk.find("uvx", *args) is None


def test_a_cache_that_is_not_there_or_broken(desk: Desk) -> None:
    assert desk.find("uvx", "tool") is None
    folder = desk.home / "cache" / "environments-v2" / "0"
    folder.mkdir(parents=True)
    (folder / "1").symlink_to("1")
    (folder / "2").write_bytes(b"\xff\0")
    (folder / "3").write_text("archive-v0/nowhere")
    assert desk.find("uvx", "tool") is None


def test_a_link_of_windows_is_a_small_file(desk: Desk) -> None:
    used = Path(desk.uv("tool", "run", "tool"))
    link = next((desk.home / "cache" / "environments-v2").glob("*/*[!k]"))
    link.unlink()
    link.write_text(f"archive-v0/{used.name}")
    found = desk.find("uvx", "tool")
    assert found is not None
    assert found.environment.root == used


@pytest.mark.parametrize("options", [[], ["--with", "part<2"], ["--with", "part>=2"]])
def test_a_project(desk: Desk, options: list[str]) -> None:
    project = desk.home / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "1"\ndependencies = ["part<2"]\n')
    (project / "s.py").write_text("import importlib.metadata as m\nprint(m.version('part'))\n")
    used = desk.uv("run", "--quiet", "--directory", project, *options, "python", "s.py")
    found = desk.find("uv", "--directory", str(project), "run", *options, "s.py")
    assert found is not None
    assert found.environment.packages["part"].version == used
    assert (found.script, found.first) == (project / "s.py", project)
    assert found.sure is (used == "1.0")
    (project / "uv.lock").write_text((project / "uv.lock").read_text().replace('version = "1.0"', 'version = "0.9"'))
    again = desk.find("uv", "run", "s.py", cwd=project)
    assert again is not None
    assert not again.sure


def test_a_program_that_pipx_or_pip_has_installed(desk: Desk) -> None:
    root = desk.home / "pipx" / "venvs" / "tool"
    virtual_environment(root, [desk.wheels / "tool-1.0-py3-none-any.whl"])
    (root / "pipx_metadata.json").write_text("{}")
    link = desk.home / "bin" / "tool"
    link.parent.mkdir()
    link.symlink_to(root / "bin" / "tool")
    found = desk.find(link)
    assert found is not None
    assert (found.environment.kind, found.environment.root, found.program) == ("pipx", root, "tool")
    assert "tool" in found.environment.packages


def test_a_program_whose_path_is_too_long_for_its_first_line(desk: Desk) -> None:
    root = desk.home / ("very " * 20) / ("long" * 20)
    root.parent.mkdir()
    virtual_environment(root, [desk.wheels / "tool-1.0-py3-none-any.whl"])
    assert (root / "bin" / "tool").read_text().startswith("#!/bin/sh")
    found = desk.find(root / "bin" / "tool")
    assert found is not None
    assert found.environment.root == root


def test_windows_programs(desk: Desk) -> None:
    root = desk.home / "env"
    virtual_environment(root)
    scripts, site = root / "Scripts", root / "Lib" / "site-packages"
    scripts.mkdir()
    shutil.move(site_packages(root), site)
    shutil.copy(sys.executable, scripts / "python.exe")
    (scripts / "tool.exe").write_bytes(b"MZ" + bytes(100))
    beside = desk.find(scripts / "tool.exe")
    (desk.home / "tool.exe").write_bytes(b"MZ" + bytes(100) + f'#!"{scripts}/python.exe"\r\n'.encode() + b"PK")
    named = desk.find(desk.home / "tool.exe")
    assert beside is not None
    assert named is not None
    assert beside.environment.root == named.environment.root == root
    assert beside.environment.folders == (site,)


def test_a_module_and_a_script(desk: Desk) -> None:
    python = virtual_environment(desk.home / "env")
    module = desk.find(python, "-m", "tool", cwd=desk.home, PYTHONPATH="/a:/b")
    assert module is not None
    assert (module.module, module.first, module.others) == ("tool", desk.home, (Path("/a"), Path("/b")))
    script = desk.find(python, "s.py", cwd=desk.home)
    assert script is not None
    assert (script.script, script.environment.root) == (desk.home / "s.py", desk.home / "env")


def test_an_extension_has_its_own(desk: Desk) -> None:
    folder = desk.home / "extension"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    (folder / "pyproject.toml").write_text("")
    virtual_environment(folder / ".venv")
    found = desk.find("uv", "run", "--directory", str(folder), "-m", "blmcp")
    assert found is not None
    assert (found.environment.kind, found.module) == ("extension", "blmcp")


def test_what_reading_does_not_tell(desk: Desk) -> None:
    script = desk.home / "wrapper"
    script.write_text("#!/bin/sh\nexec uvx tool\n")
    assert desk.find(script) is None
    assert desk.find("node", "server.js") is None
    assert desk.find("uv", "run", "--directory", str(desk.home), "tool") is None
    assert desk.find(os.devnull) is None


def test_a_python_of_the_system_is_never_complete(desk: Desk) -> None:
    found = desk.find(sys.base_prefix + f"/bin/python3.{sys.version_info.minor}", "-m", "tool", cwd=desk.home)
    assert found is not None
    assert (found.environment.kind, found.environment.complete) == ("interpreter", False)


@pytest.mark.parametrize(
    ("platform", "environ", "cache", "tools"),
    [
        ("linux", {}, "/h/.cache/uv", "/h/.local/share/uv/tools"),
        ("darwin", {}, "/h/.cache/uv", "/h/.local/share/uv/tools"),
        ("linux", {"XDG_CACHE_HOME": "/c", "XDG_DATA_HOME": "/d"}, "/c/uv", "/d/uv/tools"),
        ("win32", {"LOCALAPPDATA": "/l", "APPDATA": "/r"}, "/l/uv/cache", "/r/uv/tools"),
        ("linux", {"UV_CACHE_DIR": "/x", "UV_TOOL_DIR": "/y"}, "/x", "/y"),
    ],
)
def test_where_uv_keeps_them(platform: str, environ: dict[str, str], cache: str, tools: str) -> None:
    machine = Machine(platform, Path("/h"), {})
    assert (cache_folder(environ, machine), tools_folder(environ, machine)) == (Path(cache), Path(tools))
