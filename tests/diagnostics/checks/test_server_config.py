# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's own configuration against the target."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnostics.checks.network import reach
from diagnostics.model import Report
from diagnostics.probes.tcp import Address, Attempt, Reached

from ..peers import addon, listening
from ..runs import Doctor, found, ids


def compared(
    doctor: Doctor, content: str, *, host: str = "127.0.0.1", name: str = "server.toml", **target: object
) -> Report:
    file = doctor.home / name
    with listening(addon()) as peer:
        file.write_text(content.replace("PEER", str(peer.port)), encoding="utf-8")
        only = ["network", "addon", "server"]
        return doctor.run(host=host, port=peer.port, server_config=file, only=only, **target)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """Another computer that answers nobody: nothing is sent to it."""

    async def connect_all(addresses: list[Address], *_arguments: object, **_options: object) -> tuple[Attempt, ...]:
        return tuple(Attempt(at, Reached.TIMEOUT) for at in addresses)

    monkeypatch.setattr(reach, "connect_all", connect_all)
    return "198.51.100.7"


def config(report: Report) -> list[str]:
    return [cause for cause in ids(report) if cause.startswith("server.config")]


def test_one_that_fits(doctor: Doctor) -> None:
    content = 'port = PEER\nbind_address = "127.0.0.1"\nprotocol_version = 15\nallowed_clients = ["127.0.0.1"]\n'
    report = compared(doctor, content)
    assert config(report) == []
    assert "~/server.toml" in report.did.read


@pytest.mark.parametrize(
    ("content", "cause", "line"),
    [
        ("a = 1\nport = 1\n", "port-mismatch", 2),
        ("protocol_version = 14\n", "protocol-mismatch", 1),
        ('\nallowed_clients = ["10.0.0.0/8", "::1"]\n', "client-not-allowed", 2),
        ("port = \n", "unparsable", 1),
    ],
)
def test_one_that_contradicts(doctor: Doctor, content: str, cause: str, line: int) -> None:
    report = compared(doctor, content)
    assert config(report) == [f"server.config-{cause}"]
    assert found(report, f"server.config-{cause}").evidence["line"] == line


@pytest.mark.parametrize(
    "content",
    [
        'allowed_clients = ["127.0.0.0/8"]',
        'allowed_clients = ["localhost"]',
        'allowed_clients = ["studio.local"]',
        "other = 1",
    ],
)
def test_what_is_no_contradiction(doctor: Doctor, content: str) -> None:
    assert config(compared(doctor, content)) == []


def test_loopback_for_another_computer(doctor: Doctor, elsewhere: str) -> None:
    report = compared(doctor, 'bind_address = "127.0.0.1"\n', host=elsewhere)
    assert config(report) == ["server.config-bind-loopback"]
    assert config(compared(doctor, 'bind_address = "0.0.0.0"\n', host=elsewhere)) == []


def test_a_pinned_version_of_mcp(doctor: Doctor) -> None:
    content = 'protocol_version = "2024-11-05"\n'
    assert config(compared(doctor, content, expect_protocol=["2025-11-25"])) == ["server.config-protocol-mismatch"]
    assert config(compared(doctor, content)) == []


def test_no_text(doctor: Doctor, tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_bytes(b"\xff\xfe\x00")
    report = doctor.run(host="127.0.0.1", port=1, server_config=file, only=["server", "network"])
    assert config(report) == ["server.config-unparsable"]
    assert "UTF-8" in found(report, "server.config-unparsable").detail
