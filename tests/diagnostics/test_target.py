# SPDX-License-Identifier: GPL-3.0-or-later
"""Every value is checked before a run, and a mistake is told in one line that names it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import Kind, Link, Target
from diagnostics.target import TargetError, make_target
from diagnostics.text import clean


def refused(argument: str, **given_values: Any) -> str:
    with pytest.raises(TargetError) as error:
        make_target(**given_values)
    assert error.value.argument == argument
    assert len(error.value.message.splitlines()) == 1
    assert str(error.value).startswith(f"{argument}: ")
    return error.value.message


def test_nothing_given() -> None:
    assert make_target() == Target()
    assert make_target(host="", port="", kind="", ca_file="", pins=[""], deadline="") == Target()
    assert (Target().host, Target().port, Target().endpoint_given) == ("localhost", 9876, False)


@pytest.mark.parametrize(
    "port", ["0", 0, "70000", 65536, -1, "9876x", "98 76", "１２３", "0x10", "1e3", "9" * 50, True]
)
def test_no_port(port: str | int) -> None:
    assert "65535" in refused("port", port=port)


@pytest.mark.parametrize("port", [" 9876 ", "09876", 9876])
def test_a_port(port: str | int) -> None:
    target = make_target(port=port)
    assert (target.port, target.endpoint_given) == (9876, True)


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("blender.local", "blender.local", 9876),
        (" 10.0.0.5 ", "10.0.0.5", 9876),
        ("localhost:1234", "localhost", 1234),
        ("[::1]:1234", "::1", 1234),
        ("[::1]", "::1", 9876),
        ("::1", "::1", 9876),
        ("0:0:0:0:0:0:0:1", "::1", 9876),
        ("fe80::1%eth0", "fe80::1%eth0", 9876),
        ("bücher.example", "bücher.example", 9876),
    ],
)
def test_a_host(host: str, name: str, port: int) -> None:
    target = make_target(host=host)
    assert (target.host, target.port, target.endpoint_given) == (name, port, True)


@pytest.mark.parametrize(
    ("host", "hint"),
    [
        ("http://localhost:9876/mcp", "write only the host: localhost"),
        ("tcp://user:hunter2@box", "write only the host: box"),
        ("my host", "no host name"),
        ("host/path", "no host name"),
        ("user@host", "no host name"),
        ("::1:9876:", "no IPv6 address"),
        (":9876", "write localhost:9876"),
        ("[zz]", "no IPv6 address"),
        ("[::1]x", ""),
        ("a" * 300, "253"),
        ("evil\x1b[31m", "no host name"),
        ("evil\u202e", "no host name"),
        ("a\x7f", "no host name"),
        ("a\nb", "no host name"),
    ],
)
def test_no_host(host: str, hint: str) -> None:
    message = refused("host", host=host)
    assert hint in message
    assert "\x1b" not in message


@pytest.mark.parametrize("host", ["localhost:0", "localhost:", "localhost:x", "[::1]:", "[::1]:99999"])
def test_a_host_with_a_wrong_port(host: str) -> None:
    refused("port", host=host)


def test_two_ports() -> None:
    assert "1234" in refused("host", host="localhost:1234", port=9876)
    assert make_target(host="localhost:1234", port=1234).port == 1234


def test_a_password_in_an_address_is_not_repeated() -> None:
    assert "hunter2" not in refused("host", host="tcp://user:hunter2@box")


def test_files(tmp_path: Path) -> None:
    for name, argument in (("ca_file", "ca-file"), ("app_config", "app-config")):
        assert "does not exist" in refused(argument, **{name: tmp_path / "missing"})
        assert "is no file" in refused(argument, **{name: tmp_path})
        refused(argument, **{name: "a\0b"})
        refused(argument, **{name: "x" * 5000})


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")
def test_odd_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in refused("ca-file", ca_file=tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    refused("ca-file", ca_file=tmp_path / "circle")
    locked = tmp_path / "locked"
    locked.touch(0o000)
    if not os.access(locked, os.R_OK):
        assert "cannot be read" in refused("ca-file", ca_file=locked)


def test_tls_is_on_as_soon_as_something_of_it_is_given(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.touch()
    assert make_target().tls is None
    assert make_target(tls=True).tls is not None
    assert make_target(ca_file=file).tls.ca_file == file  # type: ignore[union-attr]
    assert make_target(server_name=" box ").tls.server_name == "box"  # type: ignore[union-attr]


@pytest.mark.parametrize("pin", ["mcp<<2", "==2", "mcp 2", "a b", "mcp[", "\x1b"])
def test_no_requirement(pin: str) -> None:
    refused("pin", pins=["mcp<2", pin])


def test_requirements() -> None:
    assert make_target(pins=[" mcp < 2 ", "", "a[b]==1"]).pins == ("mcp<2", "a[b]==1")


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "", "１５", None, "9" * 50])
def test_no_version_of_the_protocol(value: Any) -> None:
    refused("expect-protocol", expect_protocol=[15, value])


def test_versions_of_both_kinds() -> None:
    target = make_target(expect_protocol=["15", "2025-11-25", 14])
    assert (target.expect_protocol, target.expect_mcp) == ((15, 14), ("2025-11-25",))


def test_names() -> None:
    assert "claude-desktop" in refused("app", apps=["claude"])
    assert "network" in refused("only", only=["net"])
    assert "explain" in refused("ignore", ignore=["network.nonsense"])
    assert "auto" in refused("kind", kind="http")
    target = make_target(apps=["claude-desktop"], only=["network"], ignore=["network.refused"], kind="BRIDGE")
    assert (target.links, target.kind) == (frozenset({Link.NETWORK}), Kind.BRIDGE)


@pytest.mark.parametrize("deadline", ["nan", "inf", "-inf", 0, -1, 1e9, "soon", "1 2", True])
def test_no_deadline(deadline: Any) -> None:
    refused("deadline", deadline=deadline)


@pytest.mark.parametrize(("deadline", "seconds"), [("90", 90), (0.5, 0.5), (" 5 ", 5), (3600, 3600)])
def test_a_deadline(deadline: Any, seconds: float) -> None:
    assert make_target(deadline=deadline).deadline_s == seconds


def taken(**values: Any) -> Target | str:
    """The target, or the line that refuses it."""
    try:
        return make_target(**values)
    except TargetError as error:
        return error.message


@given(st.sampled_from(["host", "port", "kind", "server_name", "deadline"]), st.text(max_size=60))
def test_any_text_is_taken_or_refused_in_one_line(name: str, text: str) -> None:
    answer = taken(**{name: text})
    if isinstance(answer, str):
        assert len(answer.splitlines()) == 1
        assert clean(answer) == answer
    else:
        assert 0 < answer.port < 65536
        assert clean(answer.host) == answer.host


@given(st.sampled_from(["pins", "apps", "only", "ignore", "expect_protocol"]), st.text(max_size=60))
def test_any_word_of_a_list_is_taken_or_refused_in_one_line(name: str, text: str) -> None:
    answer = taken(**{name: [text]})
    assert not isinstance(answer, str) or len(answer.splitlines()) == 1


def test_a_file_of_requirements(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("-r requirements.txt\nanyio>=4\n")
    file = tmp_path / "requirements.txt"
    file.write_text(
        "\ufeff# what works here\n--index-url https://example.org/simple\n-r base.txt\n\n"
        "mcp==1.30.0 \\\n    --hash=sha256:00ff \\\n    --hash=sha256:ff00  # both platforms\n"
        'mcp-for-blender[dev] >= 2.2.4 ; python_version >= "3.10"  # the server\n'
    )
    pins = make_target(pins=["uv"], requirements=file).pins
    assert pins[:3] == ("uv", "anyio>=4", "mcp==1.30.0")
    assert pins[3] == 'mcp-for-blender[dev]>=2.2.4; python_version >= "3.10"'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mcp<2\nmcp 2\n", "line 2: “mcp 2” is no requirement"),
        ("mcp<2\n\n-e .\n", "line 3: “-e .” is a place"),
        ("git+https://example.org/x.git\n", "line 1: "),
        ("mcp @ https://example.org/mcp.whl\n", "line 1: "),
        ("-r gone.txt\n", "gone.txt” does not exist"),
        ("# nothing\n", "names no requirement"),
        ("-r bad.txt\n", "bad.txt, line 2: “==” is no requirement"),
    ],
)
def test_a_file_of_requirements_that_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "bad.txt").write_text("mcp\n==\n")
    file = tmp_path / "requirements.txt"
    file.write_text(text)
    with pytest.raises(TargetError) as refusal:
        make_target(requirements=file)
    assert refusal.value.argument == "requirements"
    assert says in refusal.value.message


def test_versions_to_offer() -> None:
    assert make_target(offers=[" 2026-07-28 ", "2025-11-25"]).offers == ("2026-07-28", "2025-11-25")
    assert make_target(offers=[]).offers == ("2025-11-25",)
    assert "2024-11-05" in refused("offer", offers=["2025-01-01"])


def test_a_header_names_its_variable_and_never_its_value() -> None:
    assert make_target(headers=["Authorization = MY_TOKEN"]).headers == (("Authorization", "MY_TOKEN"),)
    for wrong in ("Authorization", "Authorization=Bearer abc", "=X", "Bad Name=X", "X=1Y", "Authorization: Bearer abc"):
        assert "abc" not in refused("header-env", headers=[wrong])
    for ours in ("Host=X", "content-length=X", "Mcp-Session-Id=X"):
        assert "itself" in refused("header-env", headers=[ours])


@pytest.mark.parametrize(("argument", "given"), [("pin", {"pins": ["mcp<2"]}), ("isolate", {"isolate": True})])
def test_what_is_about_the_server_needs_its_link(argument: str, given: dict[str, Any]) -> None:
    assert "server" in refused(argument, only=["addon"], **given)
    assert make_target(only=["server"], **given)


def test_no_password_of_an_address_is_repeated(tmp_path: Path) -> None:
    address = "https://user:s3cret-token@host.example/x"
    assert "s3cret" not in refused("pin", pins=[address])
    file = tmp_path / "requirements.txt"
    file.write_text(f"foo @ {address}\n{address}\ngit+{address}\n", encoding="utf-8")
    assert "s3cret" not in refused("requirements", requirements=file)


def test_a_version_that_is_asked_for_in_its_own_way_is_offered_where_it_is_expected() -> None:
    assert make_target(expect_protocol=["2026-07-28"]).offers == ("2026-07-28", "2025-11-25")
    assert make_target(expect_protocol=["2025-06-18", 15]).offers == ("2025-11-25",)
    assert "no date" in refused("expect-protocol", expect_protocol=["2025-13-45"])
