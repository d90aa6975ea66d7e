# SPDX-License-Identifier: GPL-3.0-or-later
"""All formats say the same, and nothing from outside can break out of any of them."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import html5lib
import junitparser
import pytest
from lxml import etree
from markdown_it import MarkdownIt

from diagnostics.__main__ import main
from diagnostics.model import Report, Verdict
from diagnostics.reports import FORMATS, SUFFIXES, render
from diagnostics.reports.outline import MARKS
from diagnostics.text import clean

from .peers import addon, greets, listening
from .runs import Doctor, closed_port

XSD = etree.XMLSchema(etree.parse(str(Path(__file__).with_name("junit.xsd"))))
THIN = "\u200b"
MEANT = {
    "h3", "h4", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "br", "details", "summary",
    "span", "body",
}  # fmt: skip
"""The elements of a Markdown report."""
PAGE = MEANT - {"h3", "h4", "span", "body"} | {"h1", "h2", "section", "dl", "dt", "dd", "footer"}
"""The elements in the body of a page."""

HOSTILE = [
    "``` \n</details>\n# heading\n```",
    "</details></summary></pre></table><script>alert(1)</script>",
    "<img src=x onerror=alert(1)> <!-- ",
    "![x](http://evil.example/x.png) [a](javascript:alert(1)) [b]: http://evil.example",
    "https://evil.example/x http://evil.example www.evil.example mailto:a@evil.example ada@evil.example",
    "@octocat @octo-org/team #123 GH-12 :+1: :smile:",
    "| a | b |\n|--|--|\n| c | d |",
    "# a\n## b\n- c\n+ d\n1. e\n2) f\n> g\n---\n===\n    code",
    "*a* **b** _c_ __d__ ~~e~~ `f` ``g`` \\h \\` $x$ $$y$$",
    "&lt;b&gt; &amp; &#60;i&#62; \" ' ]]> <![CDATA[ x ]]>",
    "~~~\n</pre>\n~~~~\n`````",
    "\ufffe\uffff a\tb",
]


@pytest.fixture(params=["fail", "pass", "unknown", "warn", "muted"])
def report(request: pytest.FixtureRequest, doctor: Doctor) -> Report:
    with listening(addon()) as healthy, listening(greets(b"SSH-2.0-x\r\n")) as other:
        match request.param:
            case "fail":
                doctor.configure({"command": "blender-tool", "env": {"BLENDER_HOST": "127.0.0.1"}})
                return doctor.run(host="127.0.0.1", port=other.port)
            case "pass":
                return doctor.reach(healthy.port)
            case "unknown":
                doctor.configure({"command": "/bin/sh", "args": ["blender"]})
                return doctor.run(host="127.0.0.1", port=healthy.port)
            case "warn":
                return doctor.reach(healthy.port, "network", "addon", expect_protocol=["14"])
            case _:
                return doctor.reach(closed_port(), "network", ignore=["network.refused"])


def hostile(text: str, doctor: Doctor) -> Report:
    """A report in which this text stands wherever one from outside may stand."""
    broken = doctor.reach(closed_port())
    found = broken.findings[0]
    remedies = tuple(dataclasses.replace(one, title=text, text=text, exact=text) for one in found.remedies)
    changed = dataclasses.replace(
        found, title=text, detail=f"{text}\n\n{text}", evidence={"said": text}, remedies=remedies
    )
    return dataclasses.replace(
        broken,
        headline=text,
        changed=(text,),
        notes=(text,),
        findings=(changed, *broken.findings[1:]),
        chain=tuple(dataclasses.replace(row, summary=text) for row in broken.chain),
        checks=tuple(dataclasses.replace(check, transcript=(text,)) for check in broken.checks),
        did=dataclasses.replace(broken.did, read=(text,), started=((text, text),)),
    )


def page(text: str) -> Any:
    """The parsed page; whatever a browser would have to guess is an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(text)


def shown(text: str) -> Any:
    """Markdown as a tree of HTML, read as GitHub does: with tables, bare links, and HTML in it."""
    html = MarkdownIt("gfm-like", {"html": True, "linkify": True}).render(text)
    return html5lib.HTMLParser(namespaceHTMLElements=False).parse(html)


def text_of(element: Any) -> str:
    return "".join(element.itertext()).replace(THIN, "")


def words(text: str) -> str:
    """The text without the blanks, with which formats lay it out."""
    return re.sub(r"\s+", "", text)


def suite(report: Report) -> Any:
    document = etree.fromstring(render(report, "junit").encode())
    XSD.assertValid(document)
    return document[0]


def test_all_formats_tell_the_same(report: Report) -> None:
    told = json.loads(render(report, "json"))
    text, markdown = render(report, "text"), shown(render(report, "markdown"))
    html, junit = page(render(report, "html")), suite(report)
    facts = {item.get("name"): item.get("value") for item in junit.find("properties")}
    head = f"{MARKS[report.verdict]} {report.headline}"

    assert told["headline"] == facts["headline"] == report.headline
    assert (told["verdict"], told["root_cause"] or "") == (facts["verdict"], facts["root_cause"])
    assert text.splitlines()[0] == text_of(markdown.find(".//h3")) == text_of(html.find(".//h1")) == head
    assert html.find(".//h1").get("class") == report.verdict

    rows = [MARKS[row.verdict] for row in report.chain]
    assert [facts[f"link.{row['link']}"] for row in told["chain"]] == [row["verdict"] for row in told["chain"]]
    assert re.findall("^  ([✔✖–!?]) ", text, re.MULTILINE) == rows
    for tree, cell in ((markdown, 1), (html, 1)):
        listed = [list(row) for row in tree.findall(".//tbody/tr")]
        assert [text_of(cells[cell])[0] for cells in listed] == rows
        assert [words(text_of(cells[2])) for cells in listed] == [words(row.summary) for row in report.chain]

    whole = [found.id for found in report.findings if found.order or found.verdict in {"unknown", "skipped"}]
    whole = [one for one in whole if one not in {found.id for found in report.findings if found.muted}]
    assert (
        re.findall(r"\[([a-z]+\.[a-z-]+)\]$", text.partition("Follows from")[0].partition("Muted")[0], re.MULTILINE)
        == whole
    )
    assert [text_of(code) for code in markdown.findall(".//h4/code")] == whole
    assert [text_of(code) for code in html.findall(".//section/h2/code")] == whole

    order = [found.id for found in sorted(report.findings, key=lambda one: one.order) if found.order]
    assert [value for name, value in facts.items() if name.startswith("order.")] == order
    for tree, path in ((markdown, ".//h4"), (html, ".//section/h2")):
        numbers = [re.match(r"(\d+)\. ", text_of(title)) for title in tree.findall(path)]
        assert [int(number[1]) for number in numbers if number] == list(range(1, len(order) + 1))


def test_every_check_is_a_test_case(report: Report) -> None:
    (parsed,) = junitparser.JUnitXml.fromstring(render(report, "junit").encode())
    assert [case.name for case in parsed if case.name != "verdict"] == [check.id for check in report.checks]
    endings = {case.name: [type(end) for end in case.result] for case in parsed}
    for check in report.checks:
        mine = [found for found in report.findings if found.id in check.found]
        if any(found.verdict is Verdict.FAIL and not found.muted for found in mine):
            wanted = [junitparser.Failure]
        elif check.verdict is Verdict.UNKNOWN:
            wanted = [junitparser.Error]
        elif check.verdict is Verdict.SKIPPED or any(found.muted for found in mine):
            wanted = [junitparser.Skipped]
        else:
            wanted = []
        assert endings[check.id] == wanted, check.id
    assert (parsed.failures > 0) == (report.verdict is Verdict.FAIL)
    if report.verdict is Verdict.UNKNOWN:
        assert parsed.errors > 0


def test_what_one_check_found_stands_in_its_own_case(doctor: Doctor) -> None:
    report = doctor.reach(closed_port())
    said = {case.get("name"): text_of(case) for case in suite(report).findall("testcase")}
    assert [name for name, text in said.items() if "Nothing listens" in text] == ["network.connect"]


def _outside_code(element: Any) -> Iterator[str]:
    """The texts in which GitHub would look for mentions and links, apart from each other."""
    if element.tag in {"code", "pre"}:
        return
    yield element.text or ""
    for child in element:
        yield from _outside_code(child)
        yield child.tail or ""


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_breaks_out_of_markdown(text: str, doctor: Doctor) -> None:
    written = render(hostile(text, doctor), "markdown")
    tree = shown(written)
    assert {element.tag for element in tree.find("body").iter() if isinstance(element.tag, str)} <= MEANT
    assert all(not element.attrib or set(element.attrib) == {"style"} for element in tree.find("body").iter())
    tops = [element.tag for element in tree.find("body")]
    assert tops.count("details") == 4, "what is folded away stays there"
    assert tops[-1] == "p"
    assert len(tree.findall(".//table")) == 1
    assert len(tree.findall(".//tbody/tr")) == 6
    alive = re.compile(r"(?<!\w)@[\w-]|(?<!\w)#\d|\bGH-\d|:[a-z+]\w*:|https?://|www\.\w|\$.*\$|\w@\w")
    assert [one for one in _outside_code(tree.find("body")) if alive.search(one)] == []
    assert words(text) in words(text_of(tree.find(".//h3")))
    assert words(text) in words("".join(text_of(code) for code in tree.findall(".//pre")))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_breaks_out_of_a_page(text: str, doctor: Doctor) -> None:
    text = clean(text)  # as for every text of a report; a page may not hold each character
    written = render(hostile(text, doctor), "html")
    tree = page(written)
    assert {element.tag for element in tree.find("body").iter() if element.tag != "body"} <= PAGE
    assert {name for element in tree.find("body").iter() for name in element.attrib} <= {"class", "scope"}
    assert words(text) in words(text_of(tree.find(".//h1")))
    assert text in [text_of(code).removeprefix("\n") for code in tree.findall(".//pre")]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_breaks_out_of_xml(text: str, doctor: Doctor) -> None:
    junit = suite(hostile(text, doctor))
    facts = {item.get("name"): item.get("value") for item in junit.find("properties")}
    assert facts["headline"] == text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def test_a_page_needs_nothing_else(report: Report) -> None:
    written = render(report, "html")
    assert not re.search(r"(?i)<(?:script|link|img|iframe|object|base)\b|@import|url\(|\bsrc=|\bhref=", written)
    assert "default-src 'none'" in written
    assert "color-scheme" in written
    assert "@media print" in written


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("form", FORMATS)
def test_a_file_of_each_format(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / f"report{SUFFIXES[form]}"
    code = main(
        [
            "--host",
            "127.0.0.1",
            "--port",
            str(closed_port()),
            "--only",
            "network",
            "--format",
            form,
            "--output",
            str(file),
        ]
    )
    assert (code, capsys.readouterr().out) == (1, "")
    assert "network.refused" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["markdown", "junit", "html"])
def test_many_endpoints_are_one_document(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = closed_port(), closed_port()
    argv = ["--endpoint", f"127.0.0.1:{first}", "--endpoint", f"127.0.0.1:{second}", "--format", form]
    assert main(argv) == 1
    written = capsys.readouterr().out
    if form == "junit":
        document = etree.fromstring(written.encode())
        XSD.assertValid(document)
        named = [one.get("name") for one in document]
    elif form == "markdown":
        named = [text_of(row[1]) for row in shown(written).findall(".//tbody/tr")]
    else:
        named = [text_of(row[1]) for row in page(written).findall(".//tbody/tr")]
    assert sorted(one.split()[-1] for one in named) == sorted([f"127.0.0.1:{first}", f"127.0.0.1:{second}"])
