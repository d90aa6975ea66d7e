# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of the lock file: what is written is read again, and what is no lock says where and why."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.lock import LockError, differences, parse, recorded, render, spoken_day, unknown, unlearnt
from diagnostics.model import Lock, WorkingSet
from diagnostics.text import clean

FILE = Path("mcp-diagnostics.lock")
WORKING = WorkingSet(
    platform="linux",
    server_package="mcp-for-blender",
    server_version="2.2.4",
    sdk_package="mcp",
    sdk_version="1.30.0",
    mcp_version="2025-11-25",
    python_version="3.11.9",
    uv_version="0.13.9",
    addon_product="mcp-for-blender",
    addon_version="1.8",
    addon_protocol="15",
    addon_sha256="a" * 64,
    host="localhost",
    port="9876",
    packages={"mcp": "1.30.0", "mcp-for-blender": "2.2.4", "httpx": "0.28.1"},
)
LOCK = Lock(FILE, "2026-11-03", WORKING)

texts = st.text(st.characters(categories=("L", "N", "P", "S")), max_size=20).filter(lambda text: clean(text) == text)
values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(), st.lists
)
names = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)
working_sets = st.builds(
    WorkingSet,
    **{
        field.name: texts
        for field in dataclasses.fields(WorkingSet)
        if field.name not in {"port", "addon_sha256", "packages"}
    },
    port=st.one_of(st.just(""), st.integers(1, 65535).map(str)),
    addon_sha256=st.one_of(st.just(""), st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
    packages=st.dictionaries(names, texts.filter(bool), max_size=5),
)


def changed(**fields: object) -> bytes:
    """The lock as a file, with these members; None takes one away."""
    content = json.loads(render(LOCK)) | fields
    return json.dumps({key: value for key, value in content.items() if value is not None}, indent=1).encode()


def refused(data: bytes) -> str:
    with pytest.raises(LockError) as error:
        parse(data, FILE)
    message = str(error.value)
    assert message == clean(message)
    assert "\n" not in message
    return message


def tried(data: bytes) -> tuple[Lock | None, str]:
    """The lock in these bytes, or why there is none."""
    try:
        return parse(data, FILE), ""
    except LockError as error:
        return None, str(error)


@given(working_sets, st.dates().map(lambda day: day.isoformat()))
def test_what_is_written_is_read_again(working: WorkingSet, day: str) -> None:
    lock = Lock(FILE, day, working)
    data = render(lock)
    assert parse(data, FILE) == lock
    assert render(parse(data, FILE)) == data


def test_it_is_made_for_version_control() -> None:
    lines = render(LOCK).decode().splitlines()
    assert lines[1:4] == ['  "mcp_diagnostics_lock": 1,', '  "day": "2026-11-03",', '  "platform": "linux",']
    assert [line.split('"')[1] for line in lines[-5:-2]] == ["httpx", "mcp", "mcp-for-blender"]
    shuffled = dataclasses.replace(WORKING, packages=dict(reversed(WORKING.packages.items())))
    assert render(dataclasses.replace(LOCK, working=shuffled)) == render(LOCK)


def test_what_is_not_known_does_not_stand_there() -> None:
    lock = Lock(FILE, "2026-11-03", WorkingSet(host="localhost", port="9876"))
    assert set(json.loads(render(lock))) == {"mcp_diagnostics_lock", "day", "host", "port"}
    assert parse(render(lock), FILE) == lock


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    refused(data)


@given(st.data())
def test_a_damaged_lock_is_read_or_refused(data: st.DataObject) -> None:
    good = bytearray(render(LOCK))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(good) - 1))
        match data.draw(st.sampled_from(["change", "cut", "twice"])):
            case "change":
                good[at] = data.draw(st.integers(0, 255))
            case "cut":
                del good[at : at + data.draw(st.integers(1, 50))]
            case _:
                good[at:at] = good[at : at + 50]
        if not good:
            break
    lock, message = tried(bytes(good))
    assert clean(message) == message
    assert lock is None or parse(render(lock), FILE) == lock


@given(values)
def test_any_value_in_a_field(value: object) -> None:
    for field in ("day", "port", "packages", "mcp_diagnostics_lock", "sdk_version"):
        content = json.loads(render(LOCK)) | {field: value}
        lock, message = tried(json.dumps(content).encode())
        assert lock is not None or field in message or "newer" in message


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1, column 1"),
        (b"\xff\xfe", "UTF-8"),
        (b"[]", "no lock file"),
        (b'{"name": "mine"}', "no lock file"),
        (render(LOCK).replace(b'"2026-11-03",', b'"2026-11-03"'), "line 3, column"),
        (b"<<<<<<< HEAD\n" + render(LOCK), "line 1, column 1"),
        (render(LOCK)[:-3], "line 22, column 4"),
        (render(LOCK).replace(b"{", b"{" + b"[" * 2000, 1), "line 1"),
        (changed(mcp_diagnostics_lock=2), "a newer release has written it (format 2, this one knows 1)"),
        (changed(mcp_diagnostics_lock="1"), "line 2, column 2: “mcp_diagnostics_lock”"),
        (changed(mcp_diagnostics_lock=True), "“mcp_diagnostics_lock”"),
        (changed(mcp_diagnostics_lock=0), "“mcp_diagnostics_lock”"),
        (changed(day=None), "“day” is missing"),
        (changed(day="yesterday"), "“day”: it must be a date"),
        (changed(port=9876), "“port”: it must be a port from 1 to 65535"),
        (changed(port="65536"), "“port”"),
        (changed(sdk_version=""), "“sdk_version”: it must be a text"),
        (changed(sdk_version=["1"]), "“sdk_version”"),
        (changed(addon_sha256="abc"), "“addon_sha256”: it must be 64 hexadecimal digits"),
        (changed(nonsense="1"), "“nonsense”: a lock has no such field"),
        (changed(packages=[]), "“packages”: it must be an object"),
        (changed(packages={"mcp": 1}), "“packages.mcp”: it must be a text"),
        (changed(packages={"MCP_x": "1"}), "“packages.MCP_x”: it is no canonical name"),
        (changed(host="a" * 300), "“host”"),
        (changed(host="a\nb"), "“host”"),
        (changed(host="a\x1b[2Jb"), "“host”"),
        (render(LOCK).replace(b'"day"', b'"day": "2026-11-04", "day"'), "“day”: it stands there twice"),
        (render(LOCK).replace(b'"httpx"', b'"httpx": "1", "httpx"'), "“packages.httpx”: it stands there twice"),
        (b" " * ((1 << 20) + 1), "larger than 1 MiB"),
    ],
)
def test_what_is_no_lock_says_where_and_why(data: bytes, said: str) -> None:
    assert said in refused(data)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse(b"\xef\xbb\xbf" + render(LOCK), FILE) == LOCK


def told(**now: object) -> list[str]:
    return [str(one) for one in differences(WORKING, dataclasses.replace(WORKING, **now))]  # type: ignore[arg-type]


def test_differences_are_named_by_what_changed() -> None:
    assert told() == []
    assert told(sdk_version="2.3.0", packages=WORKING.packages | {"mcp": "2.3.0"}) == ["mcp 1.30.0 → 2.3.0"]
    assert told(server_version="2.2.3") == ["mcp-for-blender 2.2.4 → 2.2.3"]
    assert told(python_version="3.12.1") == ["Python 3.11.9 → 3.12.1"]
    assert told(addon_protocol="14") == ["add-on's protocol_version 15 → 14"]
    assert told(packages={"mcp": "1.30.0", "h11": "1"}) == ["h11 none → 1", "httpx 0.28.1 → none"]
    assert told(port="9877", mcp_version="2025-06-18") == ["MCP 2025-11-25 → 2025-06-18", "port 9876 → 9877"]


def test_what_is_not_known_is_no_difference() -> None:
    assert differences(WORKING, WorkingSet()) == ()
    assert differences(WorkingSet(), WORKING) == ()


def test_names_of_one_place_are_one() -> None:
    assert told(host="127.0.0.1") == told(host="::1") == []
    assert told(host="studio") == ["host localhost → studio"]


def test_another_system_has_other_packages() -> None:
    assert told(platform="win32", packages=WORKING.packages | {"pywin32": "311"}) == []
    assert told(platform="win32", packages=WORKING.packages | {"httpx": "1"}) == ["httpx 0.28.1 → 1"]


def test_what_was_not_learnt() -> None:
    assert unlearnt(WORKING, WORKING) == unlearnt(WorkingSet(), WORKING) == ()
    assert unlearnt(WORKING, dataclasses.replace(WORKING, sdk_version="", uv_version="")) == ("mcp", "uv")
    assert "packages of the server's environment" in unlearnt(WORKING, WorkingSet())
    assert unknown(WORKING) == ()
    assert set(recorded(WORKING)) == set(unlearnt(WORKING, WorkingSet()))


@pytest.mark.parametrize(
    ("day", "said"),
    [("2026-11-25", "today"), ("2026-11-03", "3 November"), ("2025-01-31", "31 January 2025")],
)
def test_days_as_people_say_them(day: str, said: str) -> None:
    assert spoken_day(day, "2026-11-25") == said
