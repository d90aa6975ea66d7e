# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills the laboratory. Run it as `tests/lab/prepare`, as often as you like: what is there stays.

Exit 0 when all required parts are there, 1 otherwise. An optional part that could not be had is named in a plain line.
Every part is built in a folder of its own and renamed when it is complete, so a killed run leaves nothing half-made.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.lab import browser, real_server, room
from tests.lab import inventory as lab
from tests.lab.processes import run

_LIBRARIES = ("libegl1", "libgl1", "libgomp1", "libice6", "libsm6", "libx11-6", "libxfixes3", "libxi6", "libxkbcommon0")
_SERVICES = (
    "firewalld",
    "iproute2",
    "iptables",
    "nftables",
    "nginx-light",
    "nmap",
    "openssh-client",
    "openssh-server",
    "redis-server",
    "ufw",
)
"""Real peers and firewalls. The tests start what they need with a configuration of their own."""
_POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian's packages ask this program whether they may start their services; 101 means no."""
_MACHINE_PACKAGES = {
    "strace": ("strace",),
    "mmdebstrap": ("mmdebstrap", "debian-archive-keyring"),
    "the libraries that the bpy wheels load": (*_LIBRARIES, "libxrender1", "libxxf86vm1"),
    "a browser": (browser.PACKAGE,),
}
_BUILDING = ".building-"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that the laboratory needs: how to see that it is there, and how to get it."""

    name: str
    required: bool
    present: Callable[[], str | None]
    """The version that is there, or None."""
    get: Callable[[], None]


def main() -> int:
    """Get every part; print which came and which did not."""
    lab.cache().mkdir(parents=True, exist_ok=True)
    remove_leftovers()
    refusals: dict[str, str] = {}
    failed = False
    print(f"The laboratory is {lab.cache()}")
    for part in parts():
        began = time.monotonic()
        came = part.present()
        try:
            if came is None:
                part.get()
                came = part.present()
                print(f"  got      {part.name}: {came} ({time.monotonic() - began:.0f} s)", flush=True)
            else:
                print(f"  present  {part.name}: {came}", flush=True)
        except (RuntimeError, OSError) as refused:
            refusals[part.name] = str(refused).strip().splitlines()[-1]
            failed = failed or part.required
            if part.required:
                print(f"  MISSING  {part.name}: {refused}", flush=True)
            else:
                print(f"  without  {part.name}, which is optional: {refusals[part.name]}", flush=True)
    lab.write_refusals(refusals)
    print("The laboratory is not complete." if failed else "The laboratory is ready.")
    return int(failed)


def parts() -> Iterator[Part]:
    """All parts, in the order in which they need each other."""
    for title, packages in _MACHINE_PACKAGES.items():
        yield Part(title, required=False, present=_installed(packages), get=_installer(packages))
    yield Part("real servers and firewalls", False, _installed(_SERVICES), _installer(_SERVICES, services=True))
    for version in lab.WHEELS:
        yield Part(f"bpy {version}", True, partial(lab.wheel_version, version), partial(get_wheel, version))
    for environment in lab.ENVIRONMENTS:
        python = _file(partial(getattr, environment, "python"))
        yield Part(environment.name, True, python, partial(get_environment, environment))
    yield Part(lab.NODE_PART, True, _file(lab.node_folder), get_node_packages)
    yield Part("the real add-on", True, _file(lab.addon_file), get_addon)
    yield Part("uv for the rooms", True, _file(lambda: lab.tools() / "uvx"), get_tools)
    for suite in lab.SUITES:
        name = f"Debian {suite.name}"
        yield Part(name, suite.required, partial(lab.suite_version, suite), partial(get_suite, suite))
    for suite in lab.SUITES:
        name = f"the real server on {suite.name}"
        program = _file(partial(lab.installed_server, suite))
        yield Part(name, suite.required, program, partial(real_server.install, suite))


def _file(path: Callable[[], Path]) -> Callable[[], str | None]:
    return lambda: str(path()) if path().exists() else None


def _installed(packages: tuple[str, ...]) -> Callable[[], str | None]:
    def ask() -> str | None:
        if shutil.which("dpkg-query") is None:
            return "not looked for: this machine is no Debian"
        listed = run(["dpkg-query", "-W", "-f", "${Status}\n", *packages], timeout_s=30, check=False).stdout
        return "installed" if listed.count("install ok installed") == len(packages) else None

    return ask


def _installer(packages: tuple[str, ...], *, services: bool = False) -> Callable[[], None]:
    def get() -> None:
        if os.geteuid() != 0:
            raise RuntimeError(f"needs root to install {' '.join(packages)}")
        if services and Path("/run/systemd/system").exists():
            # They would be started with this machine from now on, a second firewall among them.
            raise RuntimeError(f"install {' '.join(packages)} yourself if they may run on this machine")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update"], timeout_s=180, env=quiet)
        with _nothing_started():
            run(["apt-get", "install", "--yes", "--no-install-recommends", *packages], timeout_s=300, env=quiet)

    return get


@contextmanager
def _nothing_started() -> Iterator[None]:
    """While this lasts, packages that are installed do not start their services."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


def uv() -> str:
    """The uv of this machine; `.ci/run` sees to it that there is one."""
    found = shutil.which("uv")
    if found is None:
        raise RuntimeError("uv is missing: pip install uv")
    return found


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """A folder to build in, which becomes `target` when the block ends well and is removed when it does not."""
    place = target.with_name(f"{_BUILDING}{target.name}-{os.getpid()}")
    remove(place)
    try:
        yield place
        place.rename(target)
    finally:
        remove(place)


def remove(folder: Path) -> None:
    """Delete a folder of the laboratory, and never what is mounted into it."""
    if not folder.exists():
        return
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8") if sys.platform == "linux" else ""
    inside = [line.split()[4] for line in mounts.splitlines() if line.split()[4].startswith(f"{folder}/")]
    if inside:
        raise RuntimeError(f"{folder} is not deleted, because something is mounted in it: {', '.join(inside)}")
    run(["rm", "-rf", "--one-file-system", folder], timeout_s=180)


def remove_leftovers() -> None:
    """Delete what a killed run was building."""
    for place in lab.cache().glob(f"{_BUILDING}*"):
        pid = place.name.rpartition("-")[2]
        if not (Path("/proc") / pid).exists():
            remove(place)


def get_wheel(version: str) -> None:
    """A virtual environment with one version of `bpy`, and `requests` for the real add-on."""
    with building(lab.wheel_root(version)) as place:
        run([uv(), "venv", "--quiet", "--python", lab.BPY_PYTHON, place], timeout_s=120)
        python = place / "bin" / "python"
        run([uv(), "pip", "install", "--quiet", "--python", python, f"bpy=={version}", "requests"], timeout_s=600)
        run([python, "-c", "import bpy"], timeout_s=120)


def get_environment(environment: lab.Environment) -> None:
    """The virtual environment; uv links its files to those that it already has."""
    packages = (f"{environment.package}=={environment.version}", *environment.others)
    with building(environment.python.parents[1]) as place:
        # Relocatable, because the programs in it would name the folder in which they were built.
        run([uv(), "venv", "--quiet", "--relocatable", "--python", lab.BPY_PYTHON, place], timeout_s=120)
        python = place / "bin" / "python"
        run([uv(), "pip", "install", "--quiet", "--python", python, *packages], timeout_s=120)
        run([python, "-c", f"import {environment.module}"], timeout_s=120)


def get_node_packages() -> None:
    """The packages from npm and what they need. Their install scripts are not run."""
    quiet = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts")
    with building(lab.node_folder()) as place:
        place.mkdir()
        run([lab.node(), lab.npm(), "install", *quiet, "--prefix", place, *lab.NODE_PACKAGES], timeout_s=180)
        for script in (lab.everything(), lab.inspector()):
            wanted = place / script.relative_to(lab.node_folder())
            if not wanted.is_file():
                raise RuntimeError(f"npm brought no {wanted}")


def get_addon() -> None:
    """The wheel that carries the real add-on, unpacked."""
    with building(lab.cache() / lab.ADDON_REQUIREMENT) as place:
        run([uv(), "pip", "install", "--quiet", "--no-deps", "--target", place, lab.ADDON_REQUIREMENT], timeout_s=120)


def get_tools() -> None:
    """`uv` and `uvx` as files that run in any room: they need no library beyond the C one."""
    with building(lab.tools().parent) as place:
        run([uv(), "pip", "install", "--quiet", "--no-deps", "--target", place, lab.UV_REQUIREMENT], timeout_s=120)


def get_suite(suite: lab.Suite) -> None:
    """The suite's file system, with Blender and a screen that needs no graphics card."""
    if refusal := room.refusal():
        raise RuntimeError(refusal)
    options = [f"--aptopt={option}" for option in suite.apt_options]
    include = f"--include={','.join(suite.packages)}"
    with building(lab.suite_root(suite)) as place:
        run(["mmdebstrap", "--quiet", "--variant=minbase", *options, include, suite.name, place], timeout_s=480)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.SubprocessError as failure:
        sys.exit(f"prepare: {failure}")
