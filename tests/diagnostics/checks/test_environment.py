# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of a server's Python environment tell before anything is started, and together with its start.

The environments are real ones, with the real SDK of each line; the servers in them are small.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from diagnostics.model import Report, Verdict

from ..environments import WORKS, server_wheel, site_packages, uv, virtual_environment, wheel
from ..peers import addon, listening
from ..runs import Doctor, closed_port, found, ids, row, said

LINKS = ("client", "launcher", "server")
NOT_STARTED = ["launcher.consent-needed"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the folders are those of POSIX")


def environment(doctor: Doctor, *requires: str, sdk: str = "1.30.0", **more: Any) -> Path:
    """The root of an environment with the real SDK and a server."""
    root = doctor.home / "server"
    virtual_environment(root, [server_wheel(doctor.home / "wheels", *requires, **more)], sdk=sdk)
    return root


def look(doctor: Doctor, command: str | Path, *args: str, **more: Any) -> Report:
    """A run that starts nothing."""
    target = {key: more.pop(key) for key in ("launch", "pins") if key in more}
    env = {"BLENDER_PORT": str(closed_port())}
    doctor.configure({"command": str(command), "args": list(args), "env": env, **more})
    report = doctor.run(only=LINKS, **target)
    assert target.get("launch") or report.did.started == ()
    return report


def test_a_good_environment_is_no_proof_that_the_server_works(doctor: Doctor) -> None:
    root = environment(doctor, "mcp<2,>=1.9")
    report = look(doctor, root / "bin" / "mcp-for-blender")
    assert ids(report) == NOT_STARTED
    assert row(report, "server").verdict is Verdict.UNKNOWN
    seen = next(check for check in report.checks if check.id == "server.environment")
    assert "mcp-for-blender 2.0.0, mcp 1.30.0" in seen.transcript[0]


def test_a_good_environment_and_its_start(doctor: Doctor) -> None:
    root = environment(doctor, "mcp<2,>=1.9")
    report = look(doctor, root / "bin" / "mcp-for-blender", launch=True)
    assert report.findings == ()
    assert row(report, "server").verdict is Verdict.PASS


@pytest.mark.parametrize("launch", [False, True])
def test_the_sdk_has_moved_on(doctor: Doctor, *, launch: bool) -> None:
    root = environment(doctor, "mcp>=1.3", sdk="2.3.0")
    report = look(doctor, root / "bin" / "mcp-for-blender", launch=launch)
    assert report.root_cause == "server.sdk-incompatible"
    assert [one for one in ids(report) if one.startswith("server.")] == ["server.sdk-incompatible"]
    told = found(report, "server.sdk-incompatible")
    assert told.evidence["installed"] == "mcp 2.3.0"
    assert "from mcp.server.fastmcp import FastMCP" in told.detail
    assert "server.py, line 3" in told.detail
    held = f"uv pip install --python {root}/bin/python 'mcp<2'"
    assert held in [remedy.exact for remedy in told.remedies]
    assert not any("import" in remedy.text for remedy in told.remedies)
    assert ("last_lines" in told.evidence) is launch


@pytest.mark.parametrize(
    "source",
    [
        "from mcp.server import Server\nimport mcp.types\n",
        "try:\n    import mcp.server.mcpserver\nexcept ImportError:\n    import mcp.server.fastmcp\n",
        "from __future__ import annotations\nif False:\n    from mcp.server.fastmcp import FastMCP\n",
        '"""How it was done before.\n\nfrom mcp.server.fastmcp import FastMCP\n"""\nimport mcp\n',
        "import mcp\ndef old():\n    from mcp import McpError\n",
    ],
)
def test_a_server_that_works_with_both(doctor: Doctor, source: str) -> None:
    root = environment(doctor, "mcp>=1.3", sdk="2.3.0", source=source + "def main(): pass\n")
    assert ids(look(doctor, root / "bin" / "mcp-for-blender")) == NOT_STARTED


@pytest.mark.parametrize(
    ("source", "says", "pin"),
    [
        ("from mcp import McpError\n", "from mcp import McpError", "mcp<2"),
        ("import mcp.server.websocket\n", "import mcp.server.websocket", "mcp<2"),
        (
            "from mcp.shared.exceptions import (\n    MCPError,\n    NoSuchThing,\n)\n",
            "from mcp.shared.exceptions import NoSuchThing",
            None,
        ),
        ("from .inner import x\n", "from mcp.server.fastmcp.server import FastMCP", "mcp<2"),
    ],
)
def test_what_a_server_imports_is_not_there(doctor: Doctor, source: str, says: str, pin: str | None) -> None:
    files = {
        "other/__init__.py": "",
        "other/server.py": source + "def main(): pass\n",
        "other/inner.py": "from mcp.server.fastmcp.server import FastMCP\nx = 1\n",
    }
    made = wheel(doctor.home / "wheels", "blender-other", "1.0", "mcp", files=files, main="other.server:main")
    root = doctor.home / "server"
    virtual_environment(root, [made], sdk="2.3.0")
    told = found(look(doctor, root / "bin" / "blender-other"), "server.sdk-incompatible")
    assert told.evidence["says"] == says
    assert told.evidence.get("pin") == pin


def test_the_author_of_a_server_is_told_what_to_write(doctor: Doctor) -> None:
    """A server that is nobody else's product: who uses it can change it."""
    python = virtual_environment(doctor.home / "server", sdk="2.3.0")
    script = doctor.home / "my_blender_server.py"
    script.write_text("from mcp.server.fastmcp import FastMCP\n")
    told = found(look(doctor, python, str(script)), "server.sdk-incompatible")
    (shim,) = [remedy.text for remedy in told.remedies if "import" in remedy.text]
    assert shim.index("from mcp.server.mcpserver import MCPServer") < shim.index("from mcp.server.fastmcp import")


def test_an_argument_that_the_sdk_does_not_take_any_more(doctor: Doctor) -> None:
    source = WORKS.replace('"BlenderMCP"', '"BlenderMCP", description="it draws"')
    root = environment(doctor, "mcp<2", source=source, version="1.2")
    for launch in (False, True):
        report = look(doctor, root / "bin" / "mcp-for-blender", launch=launch)
        told = found(report, "server.sdk-incompatible")
        assert report.root_cause == told.id
        assert told.evidence["pin"] == "mcp<1.12"


@pytest.mark.parametrize(
    ("requires", "is_open"),
    [(["mcp>=1.3.0"], True), (["mcp"], True), (["mcp<2,>=1.3"], False), (["mcp~=1.9"], False), (["mcp<3"], True)],
)
def test_a_requirement_without_a_ceiling(doctor: Doctor, requires: list[str], *, is_open: bool) -> None:
    root = environment(doctor, *requires)
    for launch in (False, True):
        report = look(doctor, root / "bin" / "mcp-for-blender", launch=launch)
        assert ids(report).count("server.sdk-pin-open") == is_open
        if is_open:
            told = found(report, "server.sdk-pin-open")
            assert told.verdict is Verdict.WARN
            assert "mcp-for-blender 2.0.0" in told.detail


@pytest.mark.parametrize("launch", [False, True])
def test_the_sdk_is_not_there(doctor: Doctor, *, launch: bool) -> None:
    root = environment(doctor, "mcp<2", sdk="")
    report = look(doctor, root / "bin" / "mcp-for-blender", launch=launch)
    assert report.root_cause == "server.sdk-missing"
    told = found(report, "server.sdk-missing")
    assert told.evidence["module"] == "mcp"
    # In the release that the server asks for: the newest one does not fit.
    wanted = f"--python {root}/bin/python 'mcp<2'"
    assert any(wanted in remedy.text.replace("~", str(doctor.home)) for remedy in told.remedies)


def test_the_server_is_not_there(doctor: Doctor) -> None:
    python = virtual_environment(doctor.home / "server", sdk="1.30.0")
    for launch in (False, True):
        report = look(doctor, python, "-m", "blender_mcp.server", launch=launch, cwd=str(doctor.home))
        assert report.root_cause == "server.sdk-missing"
        assert "blender_mcp" in report.headline
    # Without a `cwd` the app decides where it is started, and there it may be.
    assert ids(look(doctor, python, "-m", "blender_mcp.server")) == NOT_STARTED


def test_the_server_is_in_the_folder_where_it_is_started(doctor: Doctor) -> None:
    python = virtual_environment(doctor.home / "server", sdk="1.30.0")
    folder = doctor.home / "work"
    (folder / "blender_mcp").mkdir(parents=True)
    (folder / "blender_mcp" / "__main__.py").write_text(WORKS + "main()\n")
    report = look(doctor, python, "-m", "blender_mcp", cwd=str(folder))
    assert ids(report) == NOT_STARTED


def test_an_editable_installation(doctor: Doctor) -> None:
    project = doctor.home / "project"
    package = project / "src" / "blender_mcp"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "server.py").write_text("from mcp.server.fastmcp import FastMCP\n")
    python = virtual_environment(doctor.home / "server", sdk="2.3.0")
    site = site_packages(doctor.home / "server")
    info = site / "mcp_for_blender-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mcp-for-blender\nVersion: 1.0\nRequires-Dist: mcp\n")
    (info / "RECORD").write_text("__editable__.pth,,\n")
    (site / "__editable__.pth").write_text(f"{project}/src\n")
    told = found(look(doctor, python, "-m", "blender_mcp.server"), "server.sdk-incompatible")
    assert "project/src/blender_mcp/server.py, line 1" in str(told.evidence["source"])


@pytest.mark.parametrize("launch", [False, True])
@pytest.mark.parametrize("shadow", ["mcp.py", "mcp/__init__.py"])
def test_a_file_of_the_users_hides_the_sdk(doctor: Doctor, shadow: str, *, launch: bool) -> None:
    python = virtual_environment(doctor.home / "server", sdk="1.30.0")
    script = doctor.home / "scripts" / "blender_mcp.py"
    (script.parent / shadow).parent.mkdir(parents=True)
    (script.parent / shadow).write_text("# notes\n")
    script.write_text(WORKS + "main()\n")
    report = look(doctor, python, str(script), launch=launch)
    assert report.root_cause == "server.sdk-missing"
    hidden = script.parent / shadow.partition("/")[0]
    assert str(hidden).replace(str(doctor.home), "~") in said(found(report, "server.sdk-missing"))


@pytest.mark.parametrize("flag", [[], ["-P"]])
def test_what_is_called_alike_and_hides_nothing(doctor: Doctor, flag: list[str]) -> None:
    python = virtual_environment(doctor.home / "server", sdk="1.30.0")
    script = doctor.home / "scripts" / "blender_mcp.py"
    (script.parent / "mcp").mkdir(parents=True)  # no package, so the installed one counts
    if flag:
        (script.parent / "mcp.py").write_text("")
    script.write_text(WORKS + "main()\n")
    assert ids(look(doctor, python, *flag, str(script))) == NOT_STARTED


def test_a_removal_that_was_not_finished(doctor: Doctor) -> None:
    root = environment(doctor, "mcp<2")
    shutil.rmtree(site_packages(root) / "mcp" / "server")
    report = look(doctor, root / "bin" / "mcp-for-blender")
    told = found(report, "server.sdk-missing")
    assert "files are missing, such as mcp/server/" in told.detail


def test_packages_that_do_not_fit(doctor: Doctor) -> None:
    wheels = doctor.home / "wheels"
    dependency = wheel(wheels, "drawing", "1.0", "colours>=2; python_version>='3.8'", "unseen; sys_platform=='plan9'")
    root = doctor.home / "server"
    made = [server_wheel(wheels, "mcp<2", "drawing[fast]>=1"), dependency, wheel(wheels, "colours", "1.5")]
    virtual_environment(root, made, sdk="1.30.0")
    report = look(doctor, root / "bin" / "mcp-for-blender")
    assert report.root_cause == "server.dependency-conflict"
    assert "“drawing 1.0” needs “colours>=2”, and colours 1.5 is installed" in report.findings[0].detail
    works = look(doctor, root / "bin" / "mcp-for-blender", launch=True)
    assert (ids(works), works.verdict) == (["server.dependency-conflict"], Verdict.WARN)


def test_only_what_the_server_needs_has_to_fit(doctor: Doctor) -> None:
    wheels = doctor.home / "wheels"
    other = wheel(wheels, "unrelated", "1.0", "colours>=2")
    root = doctor.home / "server"
    made = [server_wheel(wheels, "mcp<2", "colours; extra=='art'"), other, wheel(wheels, "colours", "1.5")]
    virtual_environment(root, made, sdk="1.30.0")
    assert ids(look(doctor, root / "bin" / "mcp-for-blender")) == NOT_STARTED


@pytest.mark.parametrize("half", ["module", "all", "info"])
def test_a_part_of_the_server_that_is_gone(doctor: Doctor, half: str) -> None:
    """It is neither the SDK nor the server, so that only what they require tells that it is needed."""
    wheels = doctor.home / "wheels"
    root = doctor.home / "server"
    virtual_environment(
        root, [server_wheel(wheels, "mcp<2", "colours>=1"), wheel(wheels, "colours", "1.5")], sdk="1.30.0"
    )
    place = site_packages(root)
    if half != "info":
        shutil.rmtree(place / "colours")
    if half == "all":
        (place / "colours-1.5.dist-info").rename(place / "~olours-1.5.dist-info")
    if half == "info":
        shutil.rmtree(place / "colours-1.5.dist-info")
    told = found(look(doctor, root / "bin" / "mcp-for-blender"), "server.dependency-conflict")
    assert "“mcp-for-blender 2.0.0” needs “colours>=1”" in told.detail
    assert ("its module “colours” is gone" in told.detail) == (half != "info")
    assert ("which is not installed" in told.detail) == (half == "info")
    assert "is installed. Whatever" not in told.detail
    words = "'colours>=1'" if half == "info" else "colours==1.5"
    assert told.remedies[0].exact == f"uv pip install --reinstall --python {root}/bin/python {words}"


@pytest.mark.parametrize("requirement", ["colours; extra=='art'", "colours; python_version<'3'", "spaces"])
def test_what_is_gone_and_not_needed(doctor: Doctor, requirement: str) -> None:
    wheels = doctor.home / "wheels"
    root = doctor.home / "server"
    spaces = wheel(wheels, "spaces", "1.0", files={"shared/one.py": ""})
    made = [server_wheel(wheels, "mcp<2", requirement), wheel(wheels, "colours", "1.5"), spaces]
    virtual_environment(root, made, sdk="1.30.0")
    shutil.rmtree(site_packages(root) / "colours")
    shutil.rmtree(site_packages(root) / "shared")  # a folder that several packages may share
    assert ids(look(doctor, root / "bin" / "mcp-for-blender")) == NOT_STARTED


def test_a_conflict_about_the_sdk_is_one_finding(doctor: Doctor) -> None:
    root = environment(doctor, "mcp<2", sdk="2.3.0")
    report = look(doctor, root / "bin" / "mcp-for-blender")
    assert report.root_cause == "server.dependency-conflict"
    started = look(doctor, root / "bin" / "mcp-for-blender", launch=True)
    assert [one for one in ids(started) if one.startswith("server.")] == ["server.sdk-incompatible"]


@pytest.mark.parametrize(
    ("pin", "verdict"),
    [
        ("mcp==1.30.0", Verdict.UNKNOWN),
        ("mcp<1.30", Verdict.FAIL),
        ("anyio<1", Verdict.FAIL),
        ("mcp-for-blender>=3", Verdict.FAIL),
        ("no-such-package==1", Verdict.UNKNOWN),
    ],
)
def test_pins_know_what_is_installed(doctor: Doctor, pin: str, verdict: Verdict) -> None:
    root = environment(doctor, "mcp<2")
    report = look(doctor, root / "bin" / "mcp-for-blender", pins=[pin])
    checked = next(check for check in report.checks if check.id == "server.pins")
    met = Verdict.PASS if pin == "mcp==1.30.0" else verdict
    assert (report.verdict, checked.verdict) == (verdict, met)


@pytest.mark.parametrize(
    ("pins", "says"),
    [
        (["python-sdk==2.4.1"], "“mcp”"),
        (["uvx==0.9"], "comes with the package “uv”"),
        (["mcp<1,>2"], "no version can be all of that at once"),
        (["mcp<1", "mcp>2"], "mcp<1 and mcp>2"),
    ],
)
def test_pins_that_cannot_be_met(doctor: Doctor, pins: list[str], says: str) -> None:
    doctor.configure({"command": "uvx", "args": ["mcp-for-blender"]})
    report = doctor.run(only=["server"], pins=pins)
    told = found(report, "server.pin-violated")
    assert told.verdict is Verdict.WARN
    assert says in told.detail


@pytest.mark.parametrize("pin", ["mcp>1,<1.0.1", "mcp>=1,!=1.5", "mcp==1.*", "mcp~=1.9,<1.10", "mcp===1.2", "mcp>2.9"])
def test_pins_that_can_be_met(doctor: Doctor, pin: str) -> None:
    doctor.configure({"command": "uvx", "args": ["mcp-for-blender"]})
    assert "server.pin-violated" not in ids(doctor.run(only=["server"], pins=[pin]))


def test_an_installed_server_that_is_older_than_the_addon(doctor: Doctor) -> None:
    root = environment(doctor, "mcp<2", version="2.1.0")
    with listening(addon()) as peer:
        env = {"BLENDER_PORT": str(peer.port), "BLENDER_HOST": "127.0.0.1"}
        doctor.configure({"command": str(root / "bin" / "mcp-for-blender"), "env": env})
        report = doctor.run()
    told = found(report, "server.outdated")
    assert told.verdict is Verdict.WARN
    assert (told.evidence["expected"], told.evidence["protocol_version"]) == (11, 15)
    assert "addon.protocol-newer" not in ids(report)
    assert any("--upgrade" in remedy.text for remedy in told.remedies)


def test_an_installed_server_that_fits_the_addon(doctor: Doctor) -> None:
    root = environment(doctor, "mcp<2", version="2.2.4")
    with listening(addon()) as peer:
        env = {"BLENDER_PORT": str(peer.port), "BLENDER_HOST": "127.0.0.1"}
        doctor.configure({"command": str(root / "bin" / "mcp-for-blender"), "env": env})
        assert "server.outdated" not in ids(doctor.run())


@pytest.fixture
def uvx(doctor: Doctor) -> dict[str, str]:
    """A cache in which uv has prepared the server, with an SDK of the test's own that is too new for it."""
    wheels = doctor.home / "wheels"
    files = {"mcp/__init__.py": "", "mcp/server/__init__.py": ""}
    wheel(wheels, "mcp", "2.3.0", files=files)
    server_wheel(wheels, "mcp>=1.3", version="1.5.6", source="from mcp.server.fastmcp import FastMCP\n")
    env = {"UV_CACHE_DIR": str(doctor.home / "cache"), "UV_TOOL_DIR": str(doctor.home / "tools")}
    settings = {**env, "UV_FIND_LINKS": str(wheels), "UV_PYTHON": sys.executable}
    uv("tool", "run", "--from", "mcp-for-blender==1.5.6", "python", "-c", "", env=settings)
    return env


def test_what_uv_has_prepared_for_a_release(doctor: Doctor, uvx: dict[str, str]) -> None:
    program = doctor.script("uvx", "")
    report = look(doctor, program, "mcp-for-blender==1.5.6", env=uvx)
    assert report.root_cause == "server.sdk-incompatible"
    fixes = [remedy.text for remedy in found(report, "server.sdk-incompatible").remedies]
    assert f'"args": {json.dumps(["--with", "mcp<2", "mcp-for-blender==1.5.6"])}' in fixes


def test_what_uv_has_prepared_last_is_no_verdict_on_what_comes_next(doctor: Doctor, uvx: dict[str, str]) -> None:
    program = doctor.script("uvx", "")
    report = look(doctor, program, "mcp-for-blender", env=uvx)
    told = found(report, "server.sdk-incompatible")
    assert (told.verdict, report.root_cause) == (Verdict.UNKNOWN, None)
    assert "uv may choose anew" in told.detail


def test_what_uv_has_prepared_for_another_command(doctor: Doctor, uvx: dict[str, str]) -> None:
    program = doctor.script("uvx", "")
    for args in (["--with", "mcp<2", "mcp-for-blender==1.5.6"], ["mcp-for-blender==1.6.5"], ["--with", "x", "mcp"]):
        assert "server.sdk-incompatible" not in ids(look(doctor, program, *args, env=uvx))


def test_the_package_of_a_program_is_gone(doctor: Doctor) -> None:
    root = environment(doctor, "mcp<2")
    shutil.rmtree(site_packages(root) / "blender_mcp")
    shutil.rmtree(next(site_packages(root).glob("mcp_for_blender-*")))
    told = found(look(doctor, root / "bin" / "mcp-for-blender"), "server.sdk-missing")
    assert told.evidence["module"] == "blender_mcp.server"


@pytest.mark.parametrize(
    "args",
    [
        ["-m", "x" * 5000],
        ["-m", "../*"],
        ["-m", "blender_mcp", "\x00"],
        ["x" * 5000 + ".py"],
        ["\ud800blender.py"],
        ["-m", "blender_mcp..server"],
    ],
)
def test_odd_arguments(doctor: Doctor, args: list[str]) -> None:
    python = virtual_environment(doctor.home / "server")
    doctor.configure({"command": str(python), "args": [*args, "blender"], "cwd": str(doctor.home)})
    doctor.run(only=LINKS)
