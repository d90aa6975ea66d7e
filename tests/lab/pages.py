# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.lab.pages`: write the pages that explain all causes, one for each language that is complete.

They are kept in the repository, so that a zip built by Blender alone has them, and that reading them needs no program
of ours and writes nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

from diagnostics.knowledge.explanations import explanations, page
from diagnostics.reports import explain_page
from tests.lab import messages


def pages() -> Iterator[tuple[Path, str]]:
    """The file of each page, and what has to stand in it."""
    english = page()
    yield english, explain_page.render()
    for language in messages.languages():
        known = messages.translations(language)
        if all(known.get(row.means) for row in explanations().values()):
            # "zh_HANS" is Blender's way to write what HTML calls "zh-Hans".
            tag, _, variant = language.partition("_")
            name = f"{tag}-{variant.title() if len(variant) > len('DE') else variant}" if variant else tag
            text = explain_page.render(functools.partial(_translated, known), name)
            yield english.with_name(f"causes.{language}.html"), text


def _translated(known: Mapping[str, str], text: str) -> str:
    return known.get(text) or text


def main() -> None:
    """Write them."""
    for file, text in pages():
        file.write_text(text, encoding="utf-8", newline="\n")
        print(f"written: {file.relative_to(messages.REPOSITORY)}")


if __name__ == "__main__":
    main()
