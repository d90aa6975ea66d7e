# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbook: a checklist for this machine, in the order in which to do it, that ends with another run."""

from __future__ import annotations

import dataclasses
import re

import pytest

from diagnostics.model import Finding, Link, Remedy, Report, Verdict
from diagnostics.reports import render

from .peers import addon, greets, listening
from .runs import Doctor, blender, closed_port


@pytest.fixture
def broken(doctor: Doctor) -> Report:
    doctor.configure({"command": "blender-tool", "env": {"BLENDER_HOST": "127.0.0.1"}})
    with listening(greets(b"SSH-2.0-x\r\n")) as peer:
        return doctor.run(host="127.0.0.1", port=peer.port)


def headings(text: str) -> list[str]:
    return re.findall(r"^## (.*)$", text, re.MULTILINE)


def test_it_is_for_this_machine(broken: Report) -> None:
    text = render(broken, "runbook")
    assert text.startswith("# Runbook")
    assert f"**{broken.headline}**" in text
    assert "- System: " in text
    assert "- AI app: Claude Desktop" in text
    assert f"- Blender is expected at: 127.0.0.1:{broken.port}" in text


def test_it_names_blender_and_the_server(doctor: Doctor) -> None:
    doctor.snapshot = blender()
    doctor.configure({"command": "uvx", "args": ["mcp-for-blender==2.2.4"]})
    text = render(doctor.run(), "runbook")
    assert "- Blender: 4.3.2" in text
    assert "- MCP server: mcp-for-blender" in text


def test_steps_stand_in_the_order_of_repair_and_each_has_a_box(broken: Report) -> None:
    text = render(broken, "runbook")
    titles = headings(text)
    assert titles[0] == "1. Claude Desktop cannot find “blender-tool”"
    assert titles[1].startswith("2. Port ")
    assert titles[-1] == f"{len(titles)}. Run the diagnostics again"
    for part in text.split("\n## ")[1:]:
        assert "- [ ] " in part


def test_what_follows_from_a_cause_stands_with_it(broken: Report) -> None:
    text = render(broken, "runbook")
    part = text.partition("\n## 2. ")[2].partition("\n## ")[0]
    assert re.search(r"^- \[ \] Check that this has gone with it: .*\(`addon\.not-a-bridge`\)$", part, re.MULTILINE)
    assert not any("addon.not-a-bridge" in title for title in headings(text))


def test_warnings_that_stand_for_themselves_come_last(broken: Report) -> None:
    def one(cause: str, verdict: Verdict, order: int) -> Finding:
        return Finding(
            cause, Link.CLIENT, verdict, cause, "", order=order, remedies=(Remedy("Do it", "copy", "x", "x"),)
        )

    report = dataclasses.replace(
        broken,
        findings=(
            one("client.warns", Verdict.WARN, 1),
            one("client.untested", Verdict.UNKNOWN, 0),
            one("client.second", Verdict.FAIL, 3),
            one("client.first", Verdict.FAIL, 2),
            dataclasses.replace(one("client.muted", Verdict.FAIL, 0), muted=True),
            one("client.informs", Verdict.SKIPPED, 0),
        ),
    )
    assert [title.split()[1] for title in headings(render(report, "runbook"))] == [
        *("client.first", "client.second", "client.untested", "client.warns", "Run"),
    ]


def test_commands_are_filled_in_and_whole(doctor: Doctor) -> None:
    tool = doctor.script(".local/bin/blender-tool", "")
    doctor.configure({"command": "blender-tool"})
    report = doctor.run(only=["client", "launcher"])
    assert f'  "command": "{tool}"' in render(report, "runbook", exact=True).splitlines()
    handed_on = render(report, "runbook")
    assert str(doctor.home) not in handed_on
    assert "“~” stands for your home folder" in handed_on


def test_a_healthy_chain_has_nothing_to_repair(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        text = render(doctor.reach(peer.port), "runbook")
    assert headings(text) == ["1. Run the diagnostics again"]
    assert "There is nothing to repair." in text


def test_a_button_is_named_by_its_place(doctor: Doctor) -> None:
    doctor.snapshot = blender()
    report = doctor.reach(closed_port())
    changed = dataclasses.replace(
        report,
        findings=(
            dataclasses.replace(report.findings[0], remedies=(Remedy("Start Its Server", "apply", "a.b", "a.b"),)),
        ),
    )
    text = render(changed, "runbook")
    assert (
        "- [ ] In Blender, in the panel of MCP Diagnostics (3D view, sidebar, tab MCP), click “Start Its Server”"
        in text
    )


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a](https://evil.example) [b", r"a\](https://evil.example) \[b"),
        ("<img src=x>", r"\<img src=x>"),
        ("**bold** _em_ `code` ~~gone~~", r"\*\*bold\*\* \_em\_ \`code\` \~\~gone\~\~"),
        ("snake_case ~/.config", "snake_case ~/.config"),
        ("&lt; R&D", "&amp;lt; R&D"),
        ("back\\slash", r"back\\slash"),
        ("two\nlines", "two lines"),
    ],
)
def test_what_the_world_says_is_no_markdown(broken: Report, hostile: str, shown: str) -> None:
    text = render(dataclasses.replace(broken, headline=hostile), "runbook")
    assert text.splitlines()[2] == f"**{shown}**"


@pytest.mark.parametrize("begins", ["# x", "> x", "- x", "+ x", "1. x", "12) x"])
def test_a_paragraph_stays_a_paragraph(broken: Report, begins: str) -> None:
    changed = dataclasses.replace(broken.findings[0], detail=begins)
    text = render(dataclasses.replace(broken, findings=(changed,)), "runbook")
    assert begins not in text.splitlines()


def test_nothing_in_a_text_to_copy_ends_its_block(broken: Report) -> None:
    hostile = "a\n```\n- [x] done\n````\n\nb"
    changed = dataclasses.replace(broken.findings[0], remedies=(Remedy("Paste", "copy", hostile, hostile),))
    text = render(dataclasses.replace(broken, findings=(changed,)), "runbook")
    block = re.search(r"^  `{5}\n(.*?)\n  `{5}$", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    assert "\n".join(line.removeprefix("  ") for line in block[1].split("\n")) == hostile
