# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says where a firewall of Windows or macOS stops a connection. FAKES stand for both systems."""

from __future__ import annotations

import pytest

from diagnostics.checks.network import firewall as firewall_check
from diagnostics.checks.network import reach
from diagnostics.probes.system_firewall import Obstruction
from diagnostics.probes.tcp import Address, Attempt, Reached

from ..runs import Doctor, found


@pytest.mark.parametrize("kind", ["windows_in", "windows_out", "macos", "macos_all"])
def test_the_words_for_the_firewalls_of_other_systems(
    doctor: Doctor, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # FAKE: what Windows or macOS would say. What is tested is that it is shown with the command for that system.
    async def stops(*_arguments: object, **_options: object) -> Obstruction:
        return Obstruction("No Blender", "its firewall", kind)

    async def timed_out(addresses: list[Address], *_arguments: object, **_options: object) -> tuple[Attempt, ...]:
        return tuple(Attempt(at, Reached.TIMEOUT) for at in addresses)

    monkeypatch.setattr(firewall_check, "obstruction", stops)
    monkeypatch.setattr(reach, "connect_all", timed_out)
    report = doctor.run(host="198.51.100.7", port=9876, only=["network"])
    filtered = found(report, "network.filtered")
    assert "“No Blender” (its firewall)" in filtered.detail
    assert ("netsh" if kind.startswith("windows") else "socketfilterfw") in filtered.remedies[0].text
