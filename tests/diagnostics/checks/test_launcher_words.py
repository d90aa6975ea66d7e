# SPDX-License-Identifier: GPL-3.0-or-later
"""What a launcher says when it starts no server: the real uv and shells, and words that users have reported.

The real uv works without the network, in a home, a cache and a PATH of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from diagnostics.model import Finding, Report, Verdict
from tests.lab import inventory as lab

from ..package_index import empty_index, source, wheel
from ..probes.children import PRELUDE
from ..real_uv import wheel as fake_server
from ..runs import Doctor, found, ids, row, said

LINKS = ["client", "launcher", "server"]
real = pytest.mark.skipif(
    sys.platform != "linux" or not (lab.tools() / "uv").exists(), reason="the laboratory's uv is not there"
)


class Uv:
    """The real uv in a home of its own."""

    def __init__(self, doctor: Doctor) -> None:
        self.doctor = doctor
        self.links = doctor.home / "links"
        self.env = {
            "UV_CACHE_DIR": str(doctor.home / "cache"),
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_PYTHON": sys.executable,
            "UV_FIND_LINKS": str(self.links),
            "UV_OFFLINE": "1",
            "UV_HTTP_RETRIES": "0",
        }
        self.links.mkdir()

    def run(self, *args: str, program: str = "uvx", **env: str) -> Report:
        """A diagnosis that starts it; a variable that is empty is not set."""
        given = {name: value for name, value in {**self.env, **env}.items() if value}
        self.doctor.configure({"command": str(lab.tools() / program), "args": [*args], "env": given})
        return self.doctor.run(launch=True, only=LINKS, deadline=60)


@pytest.fixture
def uv(doctor: Doctor) -> Uv:
    doctor.environ["PATH"] = "/usr/bin:/bin"
    return Uv(doctor)


@pytest.fixture
def index() -> Iterator[str]:
    with empty_index() as address:
        yield address


def entry_of(told: Finding, number: int = 0) -> dict[str, object]:
    made: dict[str, object] = json.loads("{" + told.remedies[number].exact + "}")
    return made


def lines(told: Finding) -> str:
    return "\n".join(told.evidence["reason_lines"])  # type: ignore[arg-type]


@real
def test_the_index_does_not_have_the_package(uv: Uv, index: str) -> None:
    report = uv.run("my-blender-server", UV_OFFLINE="", UV_DEFAULT_INDEX=index)
    assert ids(report) == ["launcher.package-unknown"]
    told = report.findings[0]
    assert told.evidence["package"] == "my-blender-server"
    assert "was not found in the package registry" in lines(told)
    assert entry_of(told)["args"] == ["mcp-for-blender"]
    assert row(report, "launcher").verdict is Verdict.FAIL
    assert row(report, "server").blocked_by == "launcher.package-unknown"


@real
def test_a_package_has_no_program_of_that_name(uv: Uv) -> None:
    fake_server(uv.links, "serve()", name="blender-fake")
    report = uv.run("--from", "blender-fake", "blender-faek")
    told = found(report, "server.exits-at-start")
    assert (told.evidence["program"], told.evidence["package"]) == ("blender-faek", "blender-fake")
    assert "no program called “blender-faek”" in told.detail
    assert ids(uv.run("--from", "blender-fake", "blender-fake")) == []


@real
def test_the_index_does_not_have_a_server_that_is_known(uv: Uv, index: str) -> None:
    report = uv.run("mcp-for-blender", UV_OFFLINE="", UV_DEFAULT_INDEX=index)
    assert ids(report) == ["launcher.resolve-failed"], "the name is right, the index is another one"


@real
def test_the_index_does_not_have_what_a_package_needs(uv: Uv, index: str) -> None:
    wheel(uv.links, "my-blender-server", requires="nothing-of-that-name")
    report = uv.run("my-blender-server", UV_OFFLINE="", UV_DEFAULT_INDEX=index)
    assert ids(report) == ["launcher.resolve-failed"]


@real
def test_without_the_network_nothing_is_said_about_the_name(uv: Uv) -> None:
    report = uv.run("my-blender-server")
    told = found(report, "launcher.resolve-failed")
    assert told.evidence["offline"] is True
    assert told.evidence["requested"] == "my-blender-server"
    assert "stay off the network" in told.detail


@real
def test_no_release_fits(uv: Uv) -> None:
    wheel(uv.links, "blender-needed")
    wheel(uv.links, "blender-fake", requires="blender-needed==2")
    told = found(uv.run("blender-fake"), "launcher.resolve-failed")
    assert "there is no version of blender-needed==2" in lines(told)
    assert told.evidence["resolver"] == "uv"


@real
def test_the_index_cannot_be_reached(uv: Uv) -> None:
    report = uv.run("blender-fake", UV_OFFLINE="", UV_DEFAULT_INDEX="http://ada:hunter2hunter2@127.0.0.1:1/simple")
    assert ids(report) == ["launcher.resolve-failed"]
    assert "Failed to fetch" in lines(report.findings[0])
    assert "hunter2" not in repr(report)


@real
def test_what_is_asked_for_is_no_requirement(uv: Uv) -> None:
    report = uv.run("blender mcp")
    assert ids(report) == ["launcher.resolve-failed"]
    assert "Failed to parse" in lines(report.findings[0])


@real
def test_a_python_that_is_not_there(uv: Uv) -> None:
    report = uv.run("--python", "3.19", "blender-fake")
    assert ids(report) == ["launcher.python-unsuitable"]
    told = report.findings[0]
    assert told.evidence["asked"] == "Python 3.19"
    assert "uv python install 3.19" in said(told)
    assert entry_of(told, 1)["args"] == ["--python", "3.11", "blender-fake"]


@real
def test_a_python_that_is_too_old_for_the_server(uv: Uv) -> None:
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    wheel(uv.links, "blender-fake", python=">=3.99")
    report = uv.run("blender-fake")
    assert ids(report) == ["launcher.python-unsuitable"]
    told = report.findings[0]
    assert (told.evidence["package"], told.evidence["needs"]) == ("blender-fake", ">=3.99")
    wheel(uv.links, "blender-fake", python=f">={running}")
    assert "launcher.python-unsuitable" not in ids(uv.run("blender-fake"))


def old_python() -> Path | None:
    """A real Python 3.9, as pyenv installs it, or the system's own."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    places = [*sorted(root.glob("versions/3.9.*/bin/python3.9")), Path("/usr/bin/python3.9")]
    return next((place for place in places if place.exists()), None)


@real
@pytest.mark.skipif(old_python() is None, reason="there is no Python 3.9")
def test_a_real_old_python_and_a_real_server(uv: Uv) -> None:
    first = f"{old_python().parent}:/usr/bin:/bin"  # type: ignore[union-attr]
    report = uv.run("mcp-for-blender", UV_CACHE_DIR=str(lab.uv_cache()), UV_FIND_LINKS="", UV_PYTHON="", PATH=first)
    assert ids(report) == ["launcher.python-unsuitable"]
    told = report.findings[0]
    assert (told.evidence["chosen"], told.evidence["needs"]) == (lines(told).split("(")[1].split(")")[0], ">=3.10")
    assert str(told.evidence["chosen"]).startswith("3.9.")
    assert told.evidence["package"] == "mcp-for-blender"


@real
def test_no_ready_made_package_for_this_python(uv: Uv) -> None:
    wheel(uv.links, "blender-fake", tag="cp37-cp37m-manylinux2014_x86_64")
    report = uv.run("blender-fake")
    assert ids(report) == ["launcher.python-unsuitable"]
    assert report.findings[0].evidence["package"] == "blender-fake"
    assert "not made ready for this Python" in report.findings[0].detail


@real
def test_no_ready_made_package_for_this_system(uv: Uv) -> None:
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    wheel(uv.links, "blender-fake", tag=f"{python}-{python}-win_amd64")
    assert ids(uv.run("blender-fake")) == ["launcher.resolve-failed"]


@real
@pytest.mark.parametrize(
    "backend", ["raise RuntimeError('the compiler is missing')", "def build_wheel(*a):\n    raise SystemExit('no')"]
)
def test_a_build_that_fails(uv: Uv, backend: str) -> None:
    source(uv.links, "blender-needed", backend)
    wheel(uv.links, "blender-fake", requires="blender-needed")
    report = uv.run("blender-fake")
    assert ids(report) == ["launcher.build-failed"]
    told = report.findings[0]
    assert told.evidence["package"] == "blender-needed"
    assert told.evidence["because"] == "blender-fake"
    assert "uv cache clean blender-needed" in said(told)


@real
def test_a_certificate_that_uv_does_not_know(uv: Uv) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with empty_index(context) as index:
        address = index.replace("://", "://ada:hunter2hunter2@")
        report = uv.run("blender-fake", UV_OFFLINE="", UV_DEFAULT_INDEX=address)
        trusted = uv.doctor.home / "authority.pem"
        authority.cert_pem.write_to_path(str(trusted))
        repaired = uv.run(
            "blender-fake",
            UV_OFFLINE="",
            UV_DEFAULT_INDEX=address,
            UV_SYSTEM_CERTS="1",
            SSL_CERT_FILE=str(trusted),
        )
    assert ids(report) == ["launcher.tls-intercepted"]
    told = report.findings[0]
    assert told.evidence["problem"] == "UnknownIssuer"
    assert str(told.evidence["address"]).startswith("https://localhost:")
    assert "hunter2" not in repr(report)
    assert entry_of(told) == {"UV_SYSTEM_CERTS": "1"}, "the entry has variables, among which it is put"
    assert "into “env” of “blender”" in told.remedies[0].title
    assert ids(repaired) == ["launcher.package-unknown"], "the repair lets uv through to the index, which is empty"


@real
def test_a_cache_that_another_uv_holds(uv: Uv) -> None:
    uv.doctor.environ["HOME"] = str(uv.doctor.home)
    cache = uv.doctor.home / ".cache/uv"
    cache.mkdir(parents=True)
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        report = uv.run("blender-fake", UV_LOCK_TIMEOUT="1", UV_CACHE_DIR="")
    assert ids(report) == ["launcher.cache-locked"]
    assert report.findings[0].evidence["folder"] == "~/.cache/uv"
    assert ids(uv.run("blender-fake", UV_LOCK_TIMEOUT="1", UV_CACHE_DIR="")) == ["launcher.resolve-failed"]


@real
@pytest.mark.parametrize("place", ["/sys/cache", "a file"])
def test_a_cache_that_cannot_be_made(uv: Uv, place: str) -> None:
    (uv.doctor.home / "a file").write_text("")
    folder = uv.doctor.home / place
    report = uv.run("blender-fake", UV_CACHE_DIR=str(folder))
    assert ids(report) == ["launcher.cache-locked"]
    assert "os error" in str(report.findings[0].evidence["problem"])


@real
def test_a_server_that_uv_starts_and_that_ends_by_itself(uv: Uv) -> None:
    wheel(uv.links, "blender-fake")
    assert ids(uv.run("blender-fake")) == ["server.exits-at-start"]


@real
def test_uv_run_of_a_program_that_is_not_there(uv: Uv) -> None:
    report = uv.run("run", "--no-project", "blender-fake", program="uv", UV_PYTHON=sys.executable)
    assert ids(report) == ["server.exits-at-start"], "it is no fault of a launcher's that is known"


@pytest.mark.skipif(sys.platform == "win32", reason="shells of POSIX")
@pytest.mark.parametrize("program", ["sh", "bash"])
def test_a_shell_that_does_not_find_the_program(doctor: Doctor, program: str) -> None:
    doctor.configure({"command": program, "args": ["-lc", "uvx-of-mine mcp-for-blender"]})
    report = doctor.run(launch=True, only=LINKS)
    assert ids(report) == ["launcher.not-found"]
    assert report.findings[0].evidence["command"] == "uvx-of-mine"
    assert f"through “{program}”" in report.findings[0].detail


@pytest.mark.skipif(sys.platform == "win32", reason="shells of POSIX")
def test_a_shell_that_does_not_find_something_else(doctor: Doctor) -> None:
    doctor.configure({"command": "bash", "args": ["-c", "no-such-program; sh -c 'exit 3' blender"]})
    assert ids(doctor.run(launch=True, only=LINKS)) == ["server.exits-at-start"]


def words(doctor: Doctor, text: str, *args: str, ends: bool = True) -> Report:
    """A FAKE `uvx` that prints this to its error output and ends."""
    body = f"print({text!r}, file=sys.stderr, flush=True)\n" + ("sys.exit(1)" if ends else "time.sleep(60)")
    program = doctor.script("uvx", PRELUDE + body)
    doctor.configure({"command": str(program), "args": [*(args or ("mcp-for-blender",))]})
    return doctor.run(launch=True, only=LINKS, deadline=2.5)


RECORDED = {
    "failed to rename file from C:\\a to C:\\b: Access is denied. (os error 5)": "launcher.cache-locked",
    "error: Failed to install: x-1.whl\n  Caused by: failed to rename file: Zugriff verweigert (os error 5)": (
        "launcher.cache-locked"
    ),
    "failed to hardlink file from C:\\a to C:\\b: incompatible hardlinks. (os error 396)": "launcher.cache-locked",
    "error: Failed to update Windows PE resources: C:\\uv-trampoline-1.exe": "launcher.cache-locked",
    "error: the configured Python interpreter version (3.14) is newer than PyO3's maximum supported version (3.13)\n"
    "  × Failed to build `pydantic-core==2.33.2`": "launcher.python-unsuitable",
    "  × Failed to build `pyiceberg==0.11.1`\nerror: Microsoft Visual C++ 14.0 or greater is required.": (
        "launcher.build-failed"
    ),
    "  × Failed to build `blender-mcp @ file:///C:/Users/ada/x`\nerror in 'egg_base' option: '.' does not exist": (
        "launcher.build-failed"
    ),
    "  × No solution found when resolving tool dependencies:\n  ╰─▶ Because the current Python version (3.9.6) does "
    "not satisfy Python>=3.10 and blender-mcp==1.5.6 depends on Python>=3.10,": "launcher.python-unsuitable",
    "error: Failed to fetch: `https://box.invalid/simple/a/`\n  Caused by: invalid peer certificate: UnknownIssuer": (
        "launcher.tls-intercepted"
    ),
    "ERROR: Package 'blender-x' requires a different Python: 3.9.18 not in '>=3.10'": "launcher.python-unsuitable",
    "error: metadata-generation-failed": "launcher.build-failed",
    "ERROR: No matching distribution found for blender-needed==2": "launcher.resolve-failed",
}
"""Words that users have reported of Windows and of other releases of uv, and pip's; the causes that they tell of."""


@pytest.mark.parametrize(("text", "cause"), RECORDED.items())
def test_words_that_were_recorded(doctor: Doctor, text: str, cause: str) -> None:
    assert ids(words(doctor, text)) == [cause]


@pytest.mark.parametrize(
    "text",
    [
        "warning: Failed to hardlink files; falling back to full copy. This may lead to degraded performance.",
        "OSError: [Errno 5] Input/output error",
        "error: Failed to spawn: `blender-mcp`\n  Caused by: Access is denied. (os error 5)",
        "ssl.SSLCertVerificationError: certificate has expired",
        "warning: Failed to inspect Python interpreter from search path",
        "Installed 35 packages in 20ms",
        "RuntimeError: requires Python patience",
    ],
)
def test_words_that_tell_of_nothing_of_the_kind(doctor: Doctor, text: str) -> None:
    assert ids(words(doctor, text)) == ["server.exits-at-start"]


@pytest.mark.skipif(sys.platform == "win32", reason="a program of POSIX")
def test_a_server_that_nothing_stands_before_has_words_of_its_own(doctor: Doctor) -> None:
    """A FAKE Python, which prints what a server says of its own work."""
    text = "error: Failed to fetch: `https://box.invalid/models`"
    program = doctor.script("bin/python", f"import sys\nsys.exit({text!r})")
    doctor.configure({"command": str(program), "args": ["-m", "blender_mcp"]})
    assert ids(doctor.run(launch=True, only=LINKS)) == ["server.exits-at-start"]


def test_a_launcher_that_spoke_and_did_not_end(doctor: Doctor) -> None:
    report = words(
        doctor, "error: Could not acquire lock\n  cause: Timeout (1s) when waiting for lock on `/c`", ends=False
    )
    assert ids(report) == ["launcher.cache-locked"]


def test_the_library_has_moved_on_is_still_told(doctor: Doctor) -> None:
    report = words(doctor, "ModuleNotFoundError: No module named 'mcp.server.fastmcp'")
    assert ids(report) == ["server.sdk-incompatible"]


def test_secrets_in_what_uv_says(doctor: Doctor) -> None:
    long = "x" * 280
    text = f"error: Failed to fetch: `https://ada:hunter2hunter2@box.invalid/simple/?token=hunter2hunter2`\n{long}"
    report = words(doctor, text, "--index-url", "https://ada:hunter2hunter2@box.invalid/simple", "mcp-for-blender")
    assert ids(report) == ["launcher.resolve-failed"]
    assert "hunter2" not in repr(report)
    assert "hunter" not in repr(report)


@pytest.mark.parametrize("before", range(270, 300, 4))
def test_secrets_where_a_long_line_is_cut(doctor: Doctor, before: int) -> None:
    text = f"error: Failed to parse: `{'x' * before}` https://ada:hunter2hunter2@box.invalid/simple"
    assert "hunter" not in repr(words(doctor, text).findings)


def test_a_flood_of_words_takes_no_time(doctor: Doctor) -> None:
    report = words(doctor, "rename a-b==" * 6000 + "\n" + "a.b-" * 20_000)
    assert ids(report) == ["server.exits-at-start"]


npm = pytest.mark.skipif(shutil.which("npx") is None, reason="there is no npx")


def npx(doctor: Doctor, *args: str, **env: str) -> Report:
    """The real npx, which is to start `mcp-remote`; the address stands for a Blender server."""
    doctor.environ |= {"PATH": "/usr/bin:/bin", "HOME": str(doctor.home)}
    given = {"npm_config_fetch_retries": "0", "npm_config_update_notifier": "false", "PATH": os.environ["PATH"], **env}
    doctor.configure({"command": str(shutil.which("npx")), "args": ["-y", *args], "env": given})
    return doctor.run(launch=True, only=LINKS, deadline=60)


@npm
def test_npm_does_not_have_the_package(doctor: Doctor, index: str) -> None:
    report = npx(doctor, "mcp-remotee", "http://blender.invalid/mcp", npm_config_registry=index)
    assert ids(report) == ["launcher.package-unknown"]
    assert report.findings[0].evidence["package"] == "mcp-remotee"


@npm
def test_npm_without_the_network(doctor: Doctor) -> None:
    report = npx(doctor, "mcp-remote", "http://blender.invalid/mcp", npm_config_offline="true")
    assert ids(report) == ["launcher.resolve-failed"]
    assert report.findings[0].evidence["resolver"] == "npm"


@npm
def test_a_certificate_that_npm_does_not_know(doctor: Doctor) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusted = doctor.home / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with empty_index(context) as index:
        settings = {"npm_config_registry": index, "npm_config_noproxy": "localhost"}
        report = npx(doctor, "mcp-remote", "http://blender.invalid/mcp", **settings)
        settings |= {"npm_config_cafile": str(trusted)}
        repaired = npx(doctor, "mcp-remote", "http://blender.invalid/mcp", **settings)
    assert ids(report) == ["launcher.tls-intercepted"]
    assert "npm_config_cafile" in said(report.findings[0])
    assert '"env"' not in said(report.findings[0])
    assert ids(repaired) == ["launcher.package-unknown"], "the repair lets npm through to the index, which is empty"


@real
def test_a_certificate_for_another_name(uv: Uv) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.invalid").configure_cert(context)
    trusted = uv.doctor.home / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with empty_index(context) as index:
        env = {"UV_DEFAULT_INDEX": index, "UV_SYSTEM_CERTS": "1", "SSL_CERT_FILE": str(trusted)}
        report = uv.run("blender-fake", UV_OFFLINE="", **env)
    assert ids(report) == ["launcher.resolve-failed"]


SERVER = "GOOD['serverInfo'] = {'name': 'BlenderMCP', 'version': '1.30.0'}\nserve()"


@pytest.mark.skipif(sys.platform == "win32", reason="shells of POSIX")
@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("/usr/bin/env", ["A=1", "{uvx}", "mcp-for-blender==2.2.4"]),
        ("/bin/sh", ["-c", "exec '{uvx}' mcp-for-blender==2.2.4 2>/dev/null"]),
        ("bash", ["-lc", "cd / && '{uvx}' mcp-for-blender==2.2.4"]),
    ],
)
def test_a_server_through_something_else(doctor: Doctor, command: str, args: list[str]) -> None:
    """A FAKE `uvx` that plays a server, through the real programs."""
    uvx = doctor.script("my tools/uvx", PRELUDE + SERVER)
    doctor.configure({"command": command, "args": [word.format(uvx=uvx) for word in args]})
    report = doctor.run(launch=True, only=LINKS, pins=["mcp-for-blender==2.2.4"])
    assert (report.verdict, ids(report)) == (Verdict.PASS, [])


@pytest.mark.skipif(sys.platform == "win32", reason="shells of POSIX")
def test_a_port_that_the_release_inside_does_not_read(doctor: Doctor) -> None:
    doctor.configure({"command": "bash", "args": ["-lc", "uvx blender-mcp==1.5.6 --port 9877"]})
    assert found(doctor.run(), "server.port-ignored").evidence["port"] == "9877"


def test_how_the_library_is_held_back_inside_of_something_else(doctor: Doctor) -> None:
    program = doctor.script("uvx", PRELUDE + "sys.exit(\"ModuleNotFoundError: No module named 'mcp.server.fastmcp'\")")
    doctor.configure({"command": "/usr/bin/env", "args": ["A=1", str(program), "blender-mcp==1.5.6"]})
    told = found(doctor.run(launch=True, only=LINKS), "server.sdk-incompatible")
    assert json.dumps(["A=1", str(program), "--with", "mcp<2", "blender-mcp==1.5.6"]) in [
        r.exact[8:] for r in told.remedies
    ]
