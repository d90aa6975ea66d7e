# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of cases.

`knowledge/self_test.toml` says what each must come to, and the modules beside this how it is set up.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..knowledge import table
from ..model import Report, Verdict
from .endpoint_cases import ADDONS, PEERS, WEB
from .file_cases import FILES
from .room import Setup
from .server_cases import SERVERS

SETUPS: dict[str, Setup] = {**SERVERS, **ADDONS, **PEERS, **WEB, **FILES}


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the table; its header says what the fields mean."""

    id: str
    group: str
    title: str
    verdict: Verdict
    causes: tuple[str, ...]
    found: str
    setup: Setup
    long: bool

    @property
    def expected(self) -> str:
        """What the engine must say, in one word or two."""
        if self.verdict is not Verdict.FAIL:
            return " ".join((self.verdict, *self.causes))
        return f"{self.verdict} {' or '.join(self.causes)}" + (f", with {self.found}" if self.found else "")

    def is_met_by(self, report: Report) -> bool:
        """Whether the report says just that, and the doctor did not fail."""
        if any(found.id == "internal.crash" for found in report.findings) or report.verdict is not self.verdict:
            return False
        told = {found.id for found in report.findings if not found.muted}
        if self.verdict is Verdict.FAIL:
            return report.root_cause in self.causes and told >= ({self.found} - {""})
        return told == set(self.causes)


def cases() -> tuple[Case, ...]:
    """All cases, in the order of the table."""
    return tuple(
        Case(
            name,
            group["title"],
            row["title"],
            Verdict(row.get("verdict", Verdict.FAIL)),
            tuple(row.get("causes", ())),
            row.get("found", ""),
            SETUPS[name],
            row.get("long", False),
        )
        for group in table("self_test")["group"]
        for name, row in group["case"].items()
    )


def came(report: Report) -> str:
    """What the engine said instead: the verdict, the root cause, and all else that it found."""
    told = {found.id for found in report.findings if not found.muted} - {report.root_cause}
    if report.root_cause is None:
        return " ".join([report.verdict, ", ".join(sorted(told))]).strip()
    return f"{report.verdict} {report.root_cause}" + (f" with {', '.join(sorted(told))}" if told else "")
