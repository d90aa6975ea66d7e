# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that is to run in a container: what docker says when it does not.

There is no docker where these tests run. A FAKE one prints what users have recorded; where, stands with each.
"""

from __future__ import annotations

import sys

import pytest

from diagnostics.checks.container_words import keeps_input_away
from diagnostics.model import Command, Report

from .. import app_logs
from ..probes.children import PRELUDE
from ..runs import Doctor, found, ids, row, said

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a program of POSIX")

LINKS = ["client", "launcher", "server"]
RUN = ("run", "-i", "--rm", "someone/blender-mcp")

RECORDED = {
    # github/github-mcp-server#232 (Linux)
    "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?.\n"
    "See 'docker run --help'.": ("server.exits-at-start", "engine that runs containers does not run"),
    # docker/labs-ai-tools-for-devs#263 (Windows)
    'docker: error during connect: Head "http://%2F%2F.%2Fpipe%2FdockerDesktopLinuxEngine/_ping": '
    "open //./pipe/dockerDesktopLinuxEngine: The system cannot find the file specified.": (
        "server.exits-at-start",
        "engine that runs containers does not run",
    ),
    # docker/for-win#7545 (Windows)
    "docker: Error response from daemon: open \\\\.\\pipe\\docker_engine_linux: The system cannot find the file "
    "specified. See 'docker run --help'.": ("server.exits-at-start", "engine that runs containers does not run"),
    # launchdarkly/find-code-references#65 (Linux, a client of 2026)
    "ERROR: failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if "
    "the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory": (
        "server.exits-at-start",
        "engine that runs containers does not run",
    ),
    # alpacahq/pylivetrader#96 (Linux)
    "docker: Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: "
    "Post http://%2Fvar%2Frun%2Fdocker.sock/v1.39/containers/create: dial unix /var/run/docker.sock: connect: "
    "permission denied.\nSee 'docker run --help'.": ("server.exits-at-start", "this user may not use the engine"),
    # elastic/cloud-on-k8s#367 (Linux)
    'docker: Error response from daemon: Conflict. The container name "/registry-port-forwarder" is already in use by '
    'container "4a5ad6bf857f". You have to remove (or rename) that container to be able to reuse that name.\n'
    "See 'docker run --help'.": ("server.exits-at-start", "“registry-port-forwarder”"),
    # metorial/metorial#8 (macOS)
    "the input device is not a TTY": ("server.exits-at-start", "asks for a terminal"),
    # docwhat/docker-image-gallery#5
    "Unable to find image 'docwhat/image-gallery:latest' locally\ndocker: Error response from daemon: pull access "
    "denied for docwhat/image-gallery, repository does not exist or may require 'docker login': denied: requested "
    "access to the resource is denied.\nSee 'docker run --help'": ("launcher.resolve-failed", "docwhat/image-gallery"),
    # docker-archive-public/docker.doodle#3 (Windows)
    "Unable to find image 'surprise:latest' locally\nC:\\Program Files\\Docker\\Docker\\Resources\\bin\\docker.exe: "
    "Error response from daemon: pull access denied for surprise, repository does not exist or may require "
    "'docker login'.": ("launcher.resolve-failed", "surprise"),
    # outofcontrol/mediawiki-to-gfm#37 (Linux)
    "WARNING: The requested image's platform (linux/arm64/v8) does not match the detected host platform "
    "(linux/amd64/v1) and no specific platform was requested\nexec /docker-entrypoint.sh: exec format error": (
        "launcher.not-executable",
        "The image is for linux/arm64/v8, and this computer is linux/amd64/v1.",
    ),
    # odarriba/docker-timemachine#42 (Linux, an older engine)
    'standard_init_linux.go:195: exec user process caused "exec format error"': (
        "launcher.not-executable",
        "another kind of processor",
    ),
}


def start(doctor: Doctor, text: str, *args: str, name: str = "docker", code: int = 125) -> Report:
    body = f"print({text!r}, file=sys.stderr, flush=True)\nsys.exit({code})" if text else f"sys.exit({code})"
    program = doctor.script(f"bin/{name}", PRELUDE + body)
    doctor.configure({"command": str(program), "args": [*(args or RUN)]})
    return doctor.run(launch=True, only=LINKS, deadline=10)


@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_words_that_were_recorded(doctor: Doctor, number: int) -> None:
    text, (cause, words) = list(RECORDED.items())[number]
    report = start(doctor, text)
    assert ids(report) == [cause]
    assert words in said(found(report, cause))
    assert report.findings[0].evidence["engine"] == "docker"


@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_the_same_words_in_the_log_of_an_app(doctor: Doctor, number: int) -> None:
    text, (cause, words) = list(RECORDED.items())[number]
    program = doctor.script("bin/docker", "")
    doctor.configure({"command": str(program), "args": [*RUN]})
    begun, _traceback, rest = app_logs.TRACEBACK.partition("Traceback")
    ended = rest[rest.index("2025-09-01") :]
    app_logs.write_log(doctor, app_logs.moved(f"{begun}{text}\n{ended}", app_logs.soon()))
    report = doctor.run(only=LINKS)
    assert cause in ids(report)
    assert words in said(found(report, cause))


@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_a_server_that_uses_docker_itself_says_it_of_its_own_work(doctor: Doctor, number: int) -> None:
    report = start(doctor, list(RECORDED)[number], "mcp-for-blender", name="uvx")
    assert ids(report) == ["server.exits-at-start"]
    assert "engine" not in report.findings[0].evidence


@pytest.mark.parametrize(
    "text",
    [
        "WARNING: The requested image's platform (linux/amd64) does not match the detected host platform\nValueError",
        "Unable to find image 'someone/blender-mcp:latest' locally\nlatest: Pulling from someone/blender-mcp\nkilled",
        "docker: Error response from daemon: OCI runtime create failed",
    ],
    ids=["emulated", "fetched", "another fault"],
)
def test_words_that_are_none_of_these(doctor: Doctor, text: str) -> None:
    report = start(doctor, text)
    assert ids(report) == ["server.exits-at-start"]
    assert "engine" not in report.findings[0].evidence


def look(doctor: Doctor, *args: str, launch: bool = False) -> Report:
    """With a FAKE docker that leaves a mark when it is started."""
    program = doctor.script("bin/docker", "open(__file__ + '.started', 'w').close()\n")
    doctor.configure({"command": str(program), "args": [*args]})
    report = doctor.run(launch=launch, only=LINKS)
    assert not program.with_name("docker.started").exists() or launch
    return report


@pytest.mark.parametrize("launch", [False, True], ids=["not allowed", "allowed"])
def test_a_container_without_its_input(doctor: Doctor, *, launch: bool) -> None:
    report = look(doctor, "run", "--rm", "someone/blender-mcp", "-i", launch=launch)
    assert ids(report) == ["server.exits-at-start"], "nobody is asked to allow what cannot work"
    told = report.findings[0]
    assert "without its input (-i)" in told.detail
    assert "said nothing" not in told.detail, "nothing was started that could have said something"
    assert "before it answered" not in told.detail
    assert told.remedies[0].text == "-i"
    assert (row(report, "launcher").verdict, row(report, "server").verdict) == ("pass", "fail")
    assert not (doctor.home / "bin" / "docker.started").exists()


def test_a_container_with_its_input(doctor: Doctor) -> None:
    assert ids(look(doctor, *RUN)) == ["launcher.consent-needed"]
    told = found(start(doctor, "", code=0), "server.exits-at-start")
    assert "without its input" not in told.detail
    assert "said nothing" in told.detail


def test_a_container_that_has_answered_has_its_input(doctor: Doctor) -> None:
    program = doctor.script("bin/docker", "")
    doctor.configure({"command": str(program), "args": ["run", "--rm", "someone/blender-mcp"]})
    app_logs.write_log(doctor, app_logs.moved(app_logs.STARTED, app_logs.soon()))
    assert "server.exits-at-start" not in ids(doctor.run(only=LINKS))


@pytest.mark.parametrize(
    ("line", "away"),
    [
        ("docker run --rm image", True),
        ("podman run image", True),
        ("docker run -v /a:/b --name x image --port 1", True),
        ("docker run -i image", False),
        ("docker run --rm -it image", False),
        ("docker run -di image", False),
        ("docker run --interactive image", False),
        ("docker run --interactive=true image", False),
        ("docker run --interactive=false image", True),
        ("docker run --rm image server -i x", True),
        ("docker run --rm image -i", True),
        ("docker run --rm image sh -ic server", True),
        ("docker run --memory-swap 1g -i image server", False),
        ("docker run -v /a:/b -vi:/c image", True),
        ("docker run --not-known x -i image", False),
        ("docker run --not-known -i", False),
        ("docker run --rm", False),
        ("docker run --rm $OPTIONS image", False),
        ("docker run --rm ${OPTIONS} image", False),
        ("docker run --rm %OPTIONS% image", False),
        ("docker exec image", False),
        ("uvx docker", False),
        ("env A=1 /usr/bin/docker run image", True),
    ],
)
def test_whether_the_input_is_kept_away(line: str, *, away: bool) -> None:
    program, *args = line.split()
    assert keeps_input_away(Command(program, tuple(args))) is away
    assert keeps_input_away(Command("bash", ("-c", line))) is away


def test_what_was_not_started_was_not_tested(doctor: Doctor) -> None:
    report = start(doctor, next(text for text, told in RECORDED.items() if told[0] == "launcher.resolve-failed"))
    assert row(report, "server").blocked_by == "launcher.resolve-failed"
