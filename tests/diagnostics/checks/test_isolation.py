# SPDX-License-Identifier: GPL-3.0-or-later
"""What uv would install today, and a clean environment beside the one that the app uses, with the real uv."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from diagnostics import diagnose_async
from diagnostics.model import CheckStarted, Report, Verdict
from diagnostics.reports import render
from diagnostics.target import ISOLATED_DEADLINE_S, make_target
from tests.lab import uv_cache

from ..probes.children import FOREVER, PRELUDE, alive, until_noted
from ..real_uv import configure, needs_uv, run, wheel
from ..runs import Doctor, blender, closed_port, found, ids, said

pytestmark = [pytest.mark.lab, pytest.mark.skipif(not needs_uv(), reason="the laboratory has no uv")]
ROOT = Path(__file__).resolve().parents[3]
SERVES = "GOOD['serverInfo'] = {'name': 'BlenderMCP', 'version': '1'}\nserve()"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return uv_cache.copied(tmp_path_factory.mktemp("uv"))


@pytest.fixture(scope="module")
def python() -> str:
    return str(uv_cache.python())


def transcript(report: Report, check: str) -> str:
    return "\n".join(next(one for one in report.checks if one.id == check).transcript)


def verdict(report: Report, check: str) -> Verdict:
    return next(one.verdict for one in report.checks if one.id == check)


def test_a_server_that_dies_of_what_uv_brings_today(doctor: Doctor, cache: Path, python: str) -> None:
    configure(doctor, cache, "--python", python, "blender-mcp==1.5.6")
    report = run(doctor)
    assert report.root_cause == "server.sdk-incompatible"
    assert ids(report).count("server.sdk-incompatible") == 1
    assert "mcp 2.3.0" in transcript(report, "launcher.packages")
    assert [note for note in report.notes if "would bring mcp 2.3.0" in note]
    assert verdict(report, "server.isolation") is Verdict.SKIPPED


def test_it_works_in_a_clean_environment_with_the_pins(doctor: Doctor, cache: Path, python: str) -> None:
    configure(doctor, cache, "--python", python, "blender-mcp==1.5.6")
    report = run(doctor, isolate=True, pins=["mcp<2"])
    assert report.root_cause == "server.sdk-incompatible"
    assert verdict(report, "server.isolation") is Verdict.PASS
    note = report.notes[-1]
    assert "mcp 1.30.0" in note
    assert "works; in the one that the app uses it does not" in note
    assert note.partition(" ")[0] in render(report, "text")
    assert json.loads(render(report, "json"))["notes"] == list(report.notes)
    assert [path for path in report.did.written if "clean-" in path]
    titles = [event.title for event in doctor.events if isinstance(event, CheckStarted)]
    assert "Installing blender-mcp==1.5.6 in it" in titles


def test_it_fails_there_too(doctor: Doctor, cache: Path, python: str) -> None:
    configure(doctor, cache, "--python", python, "blender-mcp==1.5.6")
    report = run(doctor, isolate=True)
    assert ids(report).count("server.sdk-incompatible") == 1
    assert verdict(report, "server.isolation") is Verdict.FAIL
    assert "fails as well: ModuleNotFoundError: No module named 'mcp.server.fastmcp'" in report.notes[-1]


def test_a_healthy_one(doctor: Doctor, cache: Path, python: str) -> None:
    configure(doctor, cache, "--python", python, "mcp-for-blender==2.2.4")
    report = run(doctor, isolate=True)
    assert report.verdict is Verdict.PASS
    assert report.findings == ()
    assert "works as well" in report.notes[-1]
    assert verdict(report, "server.imports") is Verdict.SKIPPED


def test_pins_are_compared_with_what_is_loaded(doctor: Doctor, cache: Path, python: str) -> None:
    configure(doctor, cache, "--python", python, "mcp-for-blender==2.2.4")
    run(doctor)  # uv makes the environment at the first start
    report = run(doctor, pins=["mcp<2"])
    assert report.verdict is Verdict.PASS
    assert "mcp 1.30.0" in transcript(report, "server.imports")


@pytest.mark.parametrize("args", [["--with", "mcp>3", "blender-mcp==1.5.6"], ["blender-mcp==99"]])
def test_nothing_fits(doctor: Doctor, cache: Path, python: str, args: list[str]) -> None:
    configure(doctor, cache, "--python", python, *args)
    report = run(doctor)
    assert report.root_cause == "launcher.resolve-failed"
    assert ids(report) == ["launcher.resolve-failed"], "it is told once"
    assert "unsatisfiable" in found(report, "launcher.resolve-failed").detail
    assert report.notes == ()


def test_uv_may_not_use_the_network_and_lacks_something(doctor: Doctor, tmp_path: Path) -> None:
    configure(doctor, tmp_path / "empty", "mcp-for-blender", UV_OFFLINE="1")
    report = run(doctor)
    assert report.root_cause == "launcher.resolve-failed"
    assert "stay off the network" in found(report, "launcher.resolve-failed").detail


def test_blender_is_offline(doctor: Doctor, tmp_path: Path) -> None:
    """uv is asked off the network only, and what it does not know proves nothing."""
    doctor.snapshot = blender(online_access=False)
    program = doctor.script("uvx", PRELUDE + "sys.exit(1)")
    configure(doctor, tmp_path / "empty", "mcp-for-blender", command=str(program), UV_OFFLINE="0")
    report = run(doctor)
    assert "launcher.resolve-failed" not in ids(report)
    asked = [argv for argv in report.did.started if "compile" in argv]
    assert len(asked) == 1
    assert "--offline" in asked[0]


def test_the_network_is_used_only_where_the_start_told_nothing(doctor: Doctor, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", SERVES)
    links = {"UV_FIND_LINKS": str(tmp_path / "wheels"), "UV_NO_INDEX": "1", "UV_OFFLINE": "0"}
    for body, times in ((SERVES, 1), ("sys.exit(1)", 2)):
        program = doctor.script("uvx", PRELUDE + body)
        configure(doctor, tmp_path / "empty", "mcp-for-blender>=2", command=str(program), **links)
        doctor.script("elsewhere/uv", PRELUDE + "sys.exit('network was disabled')")
        doctor.environ["PATH"] = f"{doctor.home / 'elsewhere'}:/usr/bin:/bin"
        report = run(doctor)
        assert sum("compile" in argv for argv in report.did.started) == times


def test_a_login_for_the_package_index_is_never_shown(doctor: Doctor, tmp_path: Path) -> None:
    port = closed_port()
    index = f"http://someone:hunter2hunter2@127.0.0.1:{port}/simple"
    configure(doctor, tmp_path / "empty", "--index-url", index, "mcp-for-blender", UV_EXTRA_INDEX_URL=index)
    report = run(doctor, isolate=True)
    for form in ("text", "json"):
        assert "hunter2" not in render(report, form, verbose=True)


def test_a_fake_server_works_only_in_a_clean_environment(doctor: Doctor, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", SERVES)
    program = doctor.script("uvx", PRELUDE + "sys.exit('broken')")
    links = {"UV_FIND_LINKS": str(tmp_path / "wheels"), "UV_NO_INDEX": "1"}
    configure(doctor, tmp_path / "cache", "blender-fake", command=str(program), **links)
    report = run(doctor, isolate=True)
    assert report.root_cause == "server.exits-at-start"
    assert "works; in the one that the app uses it does not" in report.notes[-1]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit('no moon today')", "no moon today"),
        ("sys.exit(\"ModuleNotFoundError: No module named 'mcp'\")", "mcp"),
    ],
)
def test_a_fake_server_dies_in_a_clean_environment_alone(doctor: Doctor, tmp_path: Path, body: str, words: str) -> None:
    wheel(tmp_path / "wheels", body)
    program = doctor.script("uvx", PRELUDE + SERVES)
    links = {"UV_FIND_LINKS": str(tmp_path / "wheels"), "UV_NO_INDEX": "1"}
    configure(doctor, tmp_path / "cache", "blender-fake", command=str(program), **links)
    report = run(doctor, isolate=True)
    assert report.findings == ()
    assert "The environment that the app uses works" in report.notes[-1]
    assert words in report.notes[-1]


def test_a_conflict_with_the_pins(doctor: Doctor, cache: Path, python: str) -> None:
    program = doctor.script("uvx", PRELUDE + "sys.exit(1)")
    configure(doctor, cache, "--python", python, "mcp-for-blender==2.2.4", command=str(program))
    report = run(doctor, isolate=True, pins=["mcp>=2"])
    assert "launcher.resolve-failed" in ids(report)
    assert "mcp>=2" in said(found(report, "launcher.resolve-failed"))


def test_without_uv_it_is_pip(doctor: Doctor, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", SERVES)
    doctor.environ |= {"PATH": str(Path(sys.executable).parent), "PIP_FIND_LINKS": str(tmp_path / "wheels")}
    doctor.environ |= {"PIP_NO_INDEX": "1"}
    program = doctor.script("uvx", PRELUDE + SERVES)
    doctor.configure({"command": str(program), "args": ["blender-fake"]})
    if any((Path(folder) / "uv").exists() for folder in (Path(sys.executable).parent, Path("/usr/local/bin"))):
        pytest.skip("there is a uv in a usual place")
    report = run(doctor, isolate=True)
    assert "works as well" in report.notes[-1]
    assert any("pip" in argv for argv in report.did.started)


def test_more_time_unless_the_user_says_how_much() -> None:
    assert make_target(isolate=True).deadline_s == ISOLATED_DEADLINE_S
    assert make_target(isolate=True, deadline=5).deadline_s == 5


def hanging(doctor: Doctor, at: str) -> Path:
    """A FAKE uv that does nothing for ever, and does not let itself be ended gently, when it is asked for `at`."""
    doctor.script("uvx", PRELUDE + SERVES)
    doctor.configure({"command": str(doctor.home / "uvx"), "args": ["blender-fake"]})
    body = f"if {at!r} not in sys.argv: sys.exit(0)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    body += "note_pid()\n"
    folder = doctor.home / "programs"
    doctor.script("programs/uv", PRELUDE.replace("\nnote_pid()\n", "\n") + body + FOREVER)
    doctor.environ["PATH"] = f"{folder}:/usr/bin:/bin"
    return folder


def test_uv_hangs(doctor: Doctor) -> None:
    folder = hanging(doctor, "venv")
    report = run(doctor, isolate=True, deadline=6)
    assert alive(folder) == []
    assert "could not be tried: it was not done in time" in report.notes[-1]
    assert verdict(report, "server.isolation") is not Verdict.PASS


def test_cancelled_while_it_is_made(doctor: Doctor) -> None:
    folder, own = hanging(doctor, "venv"), doctor.home / "own"

    async def main() -> None:
        target = make_target(launch=True, isolate=True, own_folder=own, only=["client", "launcher", "server"])
        task = asyncio.ensure_future(diagnose_async(target, machine=doctor.machine))
        await until_noted(folder, 1)
        assert list((own / "clean").iterdir())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert alive(folder) == []
        assert not own.exists()

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_interrupted_in_a_shell(doctor: Doctor, tmp_path: Path) -> None:
    folder, temporary = hanging(doctor, "venv"), tmp_path / "temporary"
    temporary.mkdir()
    environ = {**os.environ, **doctor.environ, "HOME": str(doctor.home), "TMPDIR": str(temporary)}
    argv = [sys.executable, "-m", "diagnostics", "--launch", "--isolate", "--app-config", str(doctor.config)]
    argv += ["--only", "client,launcher,server", "--port", str(closed_port())]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(argv, cwd=ROOT, env=environ, **quiet) as process:
        asyncio.run(until_noted(folder, 1))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    assert alive(folder) == []
    left = [path.name for path in doctor.home.rglob("clean-*")] + [path.name for path in temporary.iterdir()]
    assert left == []


def test_what_a_killed_run_left_behind_is_removed(doctor: Doctor) -> None:
    hanging(doctor, "nothing")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    abandoned = doctor.home / "own" / "clean" / f"clean-{ended.pid}-abc" / "env"
    abandoned.mkdir(parents=True)
    target = make_target(
        launch=True, isolate=True, own_folder=doctor.home / "own", only=["client", "launcher", "server"]
    )
    asyncio.run(diagnose_async(target, machine=doctor.machine))
    assert not abandoned.exists()
