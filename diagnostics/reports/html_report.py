# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one self-contained web page: no network, no script, light and dark, and good on paper."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources

from ..model import Finding, Report, Verdict
from . import outline
from .outline import MARKS
from .server_facts import facts

_END = "</body>\n</html>\n"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The browser itself refuses whatever a text could smuggle in (Content Security Policy Level 3)."""


def render(report: Report) -> str:
    """The whole page, ending with a newline. Text from outside stands in it as text, whatever it holds."""
    return page(report.headline, _body(report))


def page(title: str, body: Iterable[str]) -> str:
    """A page with our looks around this body, which is HTML."""
    style = resources.files(__package__).joinpath("html_report.css").read_text(encoding="utf-8")
    head = (
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{_text(title)}</title>",
        f"<style>\n{style}</style>",
        "</head>",
        "<body>",
    )
    return "\n".join((*head, *body, _END))


def survey_head() -> str:
    """The beginning of a page with a row for each of many reports."""
    words = outline.words()
    titles = (words["verdict"], words["endpoint"], words["what"], words["time"])
    begun = page(words["title"], [f"<h1>{_text(words['title'])}</h1>", "<table>", _heads(titles), "<tbody>"])
    return begun.removesuffix(_END)


def row(cells: Sequence[str], verdict: Verdict) -> str:
    """A row of a table, the first cell in the colour of the verdict."""
    first, *rest = (_text(cell) for cell in cells)
    return f'<tr><td class="{verdict}">{first}</td>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>\n'


def survey_end(counted: str) -> str:
    """The end of that page."""
    return f"</tbody>\n</table>\n<p>{_text(counted)}</p>\n{_END}"


def _heads(titles: Iterable[str]) -> str:
    cells = "".join(f'<th scope="col">{_text(title)}</th>' for title in titles)
    return f"<thead><tr>{cells}</tr></thead>"


def _body(report: Report) -> Iterator[str]:
    words = outline.words()
    yield f'<h1 class="{report.verdict}">{MARKS[report.verdict]} {_text(report.headline)}</h1>'
    if report.changed:
        yield f"<p>{_text(outline.words('changes')['heading'])}</p>"
        yield from _listed(report.changed)
    yield f"<h2>{_text(words['chain'])}</h2>"
    yield from _chain(report)
    for found in outline.told(report):
        yield from _finding(report, found)
    notes = (*filter(None, [outline.home_note(report, outline.told(report))]), *report.notes)
    yield from (f"<p>{_text(note)}</p>" for note in notes)
    for title, rest in ((words["follows"], outline.explained(report)), (words["muted"], outline.muted(report))):
        if rest:
            yield f"<h2>{_text(title)}</h2>"
            yield "<ul>"
            yield from (f"<li>{_text(found.title)} <code>{_text(found.id)}</code></li>" for found in rest)
            yield "</ul>"
    yield from _folded(words["checks"], _checks(report))
    yield from _folded(words["touched"], [_facts(outline.touched(report))])
    privacy = [line for key in ("masked", "not_masked") for line in _privacy(words[key], getattr(report, key))]
    yield from _folded(words["privacy"], privacy)
    yield f"<footer>{_text(outline.made_by(report))}</footer>"


def _chain(report: Report) -> Iterator[str]:
    words, labels, verdicts = outline.words(), outline.words("links"), outline.words("verdicts")
    titles = (words["link"], words["verdict"], words["what"], words["time"])
    yield '<table class="chain">'
    yield _heads(titles)
    yield "<tbody>"
    for row in report.chain:
        time = outline.time(row.elapsed_ms) if row.verdict is not Verdict.SKIPPED else ""
        word = "" if verdicts[row.verdict] == MARKS[row.verdict] else f" {verdicts[row.verdict]}"
        yield (
            f'<tr><th scope="row">{_text(labels[row.link])}</th>'
            f'<td class="{row.verdict}">{MARKS[row.verdict]}{_text(word)}</td>'
            f"<td>{_text(row.summary)}</td><td>{time}</td></tr>"
        )
    yield "</tbody>"
    yield "</table>"


def _finding(report: Report, found: Finding) -> Iterator[str]:
    yield '<section class="finding">'
    yield f'<h2 class="{found.verdict}">{_text(outline.heading(found))} <code>{_text(found.id)}</code></h2>'
    yield from (f"<p>{_text(paragraph)}</p>" for paragraph in found.detail.split("\n\n") if paragraph)
    for remedy in found.remedies:
        todo, text = outline.step(report, found, remedy)
        yield f"<p>→ {_text(todo)}</p>"
        if text:
            yield f"<pre>{_code(text)}</pre>"
    if found.evidence:
        facts_ = _facts((key, outline.value(value)) for key, value in found.evidence.items())
        yield from _folded(outline.words()["evidence"], [facts_])
    yield "</section>"


def _checks(report: Report) -> Iterator[str]:
    if report.layers:
        yield f"<p>{_text(outline.words()['conversation'])}:</p>"
        yield from _listed(
            f"{MARKS[layer.verdict]} {layer.name} · {outline.time(layer.elapsed_ms)}" for layer in report.layers
        )
    for server in report.servers:
        yield f"<p>{_text(outline.say('server', who=server.who))}</p>"
        yield _facts(facts(server))
    for check in report.checks:
        blocked = f", {outline.blocked(check)}" if check.blocked_by else ""
        ended = f": {check.verdict}{blocked}, {outline.time(check.elapsed_ms)}"
        yield f"<p><code>{_text(check.id)}</code>{_text(ended)}</p>"
        if check.transcript:
            yield f"<pre>{_code(chr(10).join(check.transcript))}</pre>"


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from (f"<details><summary>{_text(title)}</summary>", *lines, "</details>")


def _privacy(title: str, items: Iterable[str]) -> Iterator[str]:
    yield f"<p>{_text(title)}:</p>"
    yield from _listed(items)


def _listed(items: Iterable[str]) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{_text(item)}</li>" for item in items)
    yield "</ul>"


def _facts(rows: Iterable[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{_text(name)}</dt><dd>{_text(value)}</dd>' for name, value in rows)}</dl>"


def _text(text: str) -> str:
    return "<br>".join(html.escape(line) for line in text.splitlines())


def _code(text: str) -> str:
    # A newline right after <pre> is not shown, so one that is meant needs another before it.
    return "\n" + html.escape(text)
