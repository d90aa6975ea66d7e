# SPDX-License-Identifier: GPL-3.0-or-later
"""The located parser against two judges: node's `JSON.parse` for what is JSON, Python's `json` for what it means."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.protocols.located_json import MAX_DEPTH, JsonProblem, JsonSyntaxError, parse, plain, position

P = JsonProblem

PIECES = st.sampled_from(
    [
        *'{}[],:"\\/ \n\r\t-+.0123456789eEu',
        "'",
        "“",
        "true",
        "false",
        "null",
        "NaN",
        "-Infinity",
        '"a"',
        '"a":',
        "{}",
        "[]",
        "1.5",
        "0",
        "-0",
        "1e5",
        "\\u00e9",
        "\\ud83d",
        "\\ude00",
        "\\n",
        "\\x",
        "//x\n",
        "/**/",
        "#",
        "\ufeff",
        "\u00a0",
        "\u2028",
        "\x00",
        "\x0b",
        "\x0c",
        "\x1f",
        "\x7f",
        "é",
        "😀",
        "a",
        "٣",
    ]
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)


@st.composite
def nearly_json(draw: st.DrawFn) -> str:
    """A valid text with a slip in it."""
    text = json.dumps(draw(JSON_VALUES), ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1])))
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(PIECES | st.just("")) + text[at + draw(st.integers(0, 2)) :]


ANY_TEXT = st.lists(PIECES, max_size=12).map("".join) | nearly_json() | st.text(max_size=20)


def problem(text: str) -> JsonSyntaxError | None:
    try:
        parse(text)
    except JsonSyntaxError as error:
        return error
    return None


def refuse(constant: str) -> None:
    raise ValueError(constant)


@given(JSON_VALUES, st.sampled_from([None, 0, 3]), st.booleans())
def test_reads_what_json_writes(value: object, indent: int | None, ascii_only: bool) -> None:
    node = parse(json.dumps(value, indent=indent, ensure_ascii=ascii_only))
    assert plain(node) == value


@given(ANY_TEXT)
@settings(max_examples=500)
def test_agrees_with_python(text: str) -> None:
    try:
        expected = json.loads(text, parse_constant=refuse)
    except ValueError:
        assert problem(text) is not None
        return
    assert json.dumps(plain(parse(text))) == json.dumps(expected)


@given(ANY_TEXT)
@settings(max_examples=500)
def test_every_node_knows_its_place(text: str) -> None:
    if problem(text) is not None:
        return
    todo = [parse(text)]
    while todo:
        node = todo.pop()
        assert json.dumps(plain(parse(text[node.start : node.end]))) == json.dumps(plain(node))
        assert not text[node.start].isspace()
        children = node.value if isinstance(node.value, list) else []
        if isinstance(node.value, dict):
            children = [*node.value.values(), *(lost for _, lost in node.duplicates)]
            for key, child in node.value.items():
                assert json.JSONDecoder().raw_decode(text, child.key_start)[0] == key
        for child in children:
            assert node.start < child.start < child.end < node.end
            todo.append(child)


@given(ANY_TEXT)
@settings(max_examples=500)
def test_every_error_points_into_the_text(text: str) -> None:
    error = problem(text)
    if error is None:
        return
    assert 0 <= error.offset <= len(text)
    assert (error.line, error.column) == position(text, error.offset)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert 1 <= error.line <= len(lines)
    assert len(error.excerpt) <= 120
    assert "\n" not in error.excerpt


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed, so its JSON.parse cannot judge")
def test_agrees_with_node() -> None:
    texts: list[str] = []

    @given(ANY_TEXT)
    @settings(max_examples=1000, database=None)
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    texts += [text for text, *_ in PROBLEMS] + CORNERS
    script = """
        const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        const judge = (t) => { try { return [JSON.stringify(JSON.parse(t))]; } catch { return null; } };
        console.log(JSON.stringify(texts.map(judge)));
    """
    run = subprocess.run(
        [shutil.which("node"), "-e", script], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    verdicts = json.loads(run.stdout)
    assert len(verdicts) == len(texts)
    for text, verdict in zip(texts, verdicts, strict=True):
        error = problem(text)
        assert (error is None) == (verdict is not None), (text, error, verdict)
        if verdict is not None:
            assert as_doubles(json.loads(verdict[0])) == as_doubles(plain(parse(text))), text


def as_doubles(value: object) -> object:
    """As JavaScript has it: every number a double, and `JSON.stringify` writes infinity as null."""
    match value:
        case bool() | None:
            return value
        case int() | float():
            double = number(value)
            return None if math.isinf(double) else double
        case list():
            return [as_doubles(item) for item in value]
        case dict():
            return {key: as_doubles(item) for key, item in value.items()}
    return value


def number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


CORNERS = [
    "\ufeff{}",
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\ud83d\\u0041"',
    '"\u2028\x7f\ufeff"',
    "1E400",
    "-1E400",
    "1" * 5000,
    "-0",
    "0e0",
    "00",
    "1.",
    "1.e1",
    ".1",
    "-",
    "- 1",
    "0x10",
    "1_000",
    "\u00a01",
    "\x0c1",
    "1\x00",
    "\v1",
    "٣",
    '{"__proto__": 1}',
    '{"a":1,"a":2}',
    '"\\u00E9\\u00e9"',
    '"\\u 0e9"',
    '"\\u+0e9"',
    '"\\u٠٠٠٠"',
    "[1,]",
    "[,1]",
    "{,}",
    '{"a"}',
    '{"a":}',
    "tru",
    "truex",
    "nulll",
    "true1",
    "[" * 100 + "]" * 100,
]

PROBLEMS = [
    ("", P.EMPTY, 0),
    (" \r\n\t", P.EMPTY, 4),
    ('{"a": 1,}', P.TRAILING_COMMA, 7),
    ('{"a": [1, 2,\n ]}', P.TRAILING_COMMA, 11),
    ('{"a": 1\n "b": 2}', P.MISSING_COMMA, 7),
    ('{"a": {}\n "b": 2}', P.MISSING_COMMA, 8),
    ('["a" "b"]', P.MISSING_COMMA, 4),
    ('["--port" 9876]', P.MISSING_COMMA, 9),
    ("[1 true]", P.MISSING_COMMA, 2),
    ('{"a": 1 // x\n}', P.COMMENT, 8),
    ("// x\n{}", P.COMMENT, 0),
    ("{} /* x */", P.COMMENT, 3),
    ("{ # x\n}", P.COMMENT, 2),
    ('{"a": /* x */ 1}', P.COMMENT, 6),
    ("{“a”: 1}", P.SMART_QUOTE, 1),
    ('{"a": “b”}', P.SMART_QUOTE, 6),
    ("{'a': 1}", P.SINGLE_QUOTE, 1),
    ("{\"a\": 'b'}", P.SINGLE_QUOTE, 6),
    ("['a']", P.SINGLE_QUOTE, 1),
    ("{a: 1}", P.UNQUOTED_KEY, 1),
    ('{"a": 1, $b: 2}', P.UNQUOTED_KEY, 9),
    ("{1: 2}", P.UNQUOTED_KEY, 1),
    ('{"a": 1}\n{"b": 2}', P.TWO_VALUES, 9),
    ('{"a": 1}{"b": 2}', P.TWO_VALUES, 8),
    ('{"a": 1},\n{"b": 2}', P.TWO_VALUES, 8),
    ("1 2", P.TWO_VALUES, 2),
    ('"mcpServers": {}', P.UNEXPECTED_CHARACTER, 12),
    ("{}}", P.UNEXPECTED_CHARACTER, 2),
    ("{},", P.UNEXPECTED_CHARACTER, 2),
    ('"a"b"', P.UNEXPECTED_CHARACTER, 3),
    ('{"a": "x\ty"}', P.CONTROL_CHARACTER, 8),
    ('{"a": "x\x00y"}', P.CONTROL_CHARACTER, 8),
    ('{"p": "C:\\Users\\me"}', P.BAD_ESCAPE, 9),
    ('{"p": "C:\\program"}', P.BAD_ESCAPE, 9),
    ('{"p": "C:\\users"}', P.BAD_ESCAPE, 9),
    ('"\\u12"', P.BAD_ESCAPE, 1),
    ('{"a": "b\n}', P.UNTERMINATED_STRING, 6),
    ('{"a": "b', P.UNTERMINATED_STRING, 6),
    ('"\\', P.UNTERMINATED_STRING, 0),
    ('{"a": {', P.UNEXPECTED_END, 7),
    ('{"a"', P.UNEXPECTED_END, 4),
    ('{"a":', P.UNEXPECTED_END, 5),
    ("[1", P.UNEXPECTED_END, 2),
    ("[1,", P.UNEXPECTED_END, 3),
    ("[01]", P.BAD_NUMBER, 1),
    ("[1.]", P.BAD_NUMBER, 1),
    ("[.5]", P.BAD_NUMBER, 1),
    ("[+1]", P.BAD_NUMBER, 1),
    ("[-]", P.BAD_NUMBER, 1),
    ("[0x1F]", P.BAD_NUMBER, 1),
    ("[12px]", P.BAD_NUMBER, 1),
    ("[-Infinity]", P.BAD_NUMBER, 1),
    ("[NaN]", P.BAD_LITERAL, 1),
    ("[None]", P.BAD_LITERAL, 1),
    ("[True]", P.BAD_LITERAL, 1),
    ("[--port]", P.BAD_LITERAL, 1),
    ("[uvx]", P.BAD_LITERAL, 1),
    ("[truely]", P.BAD_LITERAL, 1),
    ("[1, , 2]", P.UNEXPECTED_CHARACTER, 4),
    ("[1}", P.UNEXPECTED_CHARACTER, 2),
    ('{"a" 1}', P.UNEXPECTED_CHARACTER, 5),
    ('{"a" = 1}', P.UNEXPECTED_CHARACTER, 5),
    ("\ufeff{}", P.UNEXPECTED_CHARACTER, 0),
]


@pytest.mark.parametrize(("text", "expected", "offset"), PROBLEMS)
def test_names_the_slip(text: str, expected: JsonProblem, offset: int) -> None:
    error = problem(text)
    assert error is not None
    assert (error.problem, error.offset) == (expected, offset)


def test_every_problem_has_a_case() -> None:
    assert {expected for _, expected, _ in PROBLEMS} | {P.TOO_DEEP} == set(P)


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"a":' * 1_000_000, '[{"a":' * 500_000])
def test_deep_nesting_is_an_error_and_no_crash(text: str) -> None:
    error = problem(text)
    assert error is not None
    assert error.problem is P.TOO_DEEP


def test_greatest_depth() -> None:
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    depth, value = 0, plain(parse(text))
    while isinstance(value, list):
        depth, value = depth + 1, value[0] if value else None
    assert depth == MAX_DEPTH


def test_duplicates_are_kept_and_the_last_wins() -> None:
    text = '{"a": 1, "b": {"c": 1, "c": 2}, "a": 2, "a": 3}'
    node = parse(text)
    assert plain(node) == {"a": 3, "b": {"c": 2}}
    assert [(key, lost.value, text[lost.key_start :][:3]) for key, lost in node.duplicates] == [
        ("a", 1, '"a"'),
        ("a", 2, '"a"'),
    ]
    assert node.value["a"].key_start == text.rindex('"a"')
    assert [lost.value for _, lost in node.value["b"].duplicates] == [1]


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [("ab\ncd", 4, (2, 2)), ("ab\r\ncd", 4, (2, 1)), ("ab\rcd", 3, (2, 1)), ("", 0, (1, 1)), ("é😀x", 2, (1, 3))],
)
def test_position(text: str, offset: int, expected: tuple[int, int]) -> None:
    assert position(text, offset) == expected


def test_excerpt_is_the_line_bounded_and_clean() -> None:
    error = problem('{\n  "a": "' + "x" * 500 + '" \x1b[31m\n}')
    assert error is not None
    assert "\x1b" not in error.excerpt
    assert "xxx" in error.excerpt
    assert len(error.excerpt) <= 120


@pytest.mark.parametrize(
    "unit",
    ['"aaaa",', "123456,", '{"a":1},', '"\\n\\n\\n",', '"\\ud83d\\ude00",', "       1,\n"],
)
def test_time_is_linear(unit: str) -> None:
    def seconds(count: int) -> float:
        text = "[" + unit * count + "0]"
        began = time.process_time()
        parse(text)
        return time.process_time() - began

    small = min(seconds(5_000) for _ in range(3))
    # Quadratic work would take 100 times as long.
    assert seconds(50_000) < small * 40 + 0.05


@pytest.mark.parametrize("text", ["9" * 1_000_000, "0." + "9" * 1_000_000, "1e" + "9" * 100_000])
def test_long_numbers_are_read_in_bounded_time(text: str) -> None:
    began = time.process_time()
    assert isinstance(parse(text).value, float)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "text",
    [
        "// a\n{} // b",
        '{/* {"no": 1} */"a"/**/: /* x\ny */ 1 , // b\r\n "b": [1, /* , */ 2,],}',
        "[1,\n// last\n]",
        '{"a": "// no comment /* */",}',
    ],
)
def test_comments_and_commas_pass_where_they_may(text: str) -> None:
    root = parse(text, comments=True, commas=True)
    for node in root.value.values() if isinstance(root.value, dict) else []:
        assert plain(parse(text[node.start : node.end], comments=True, commas=True)) == plain(node)
    with pytest.raises(JsonSyntaxError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "problem", "at"),
    [
        ("{,}", P.UNEXPECTED_CHARACTER, 1),
        ("[1,,]", P.UNEXPECTED_CHARACTER, 3),
        ("[1 2,]", P.MISSING_COMMA, 2),
        ("{} /* open", P.COMMENT, 3),
        ("# hash\n{}", P.COMMENT, 0),
        ("// only", P.UNEXPECTED_END, 7),
        ('{"a": "b\n"}', P.UNTERMINATED_STRING, 6),
    ],
)
def test_what_comments_and_commas_do_not_excuse(text: str, problem: JsonProblem, at: int) -> None:
    with pytest.raises(JsonSyntaxError) as told:
        parse(text, comments=True, commas=True)
    assert (told.value.problem, told.value.offset) == (problem, at)


def test_comments_without_commas() -> None:
    assert plain(parse("[1 // x\n]", comments=True)) == [1]
    with pytest.raises(JsonSyntaxError, match="trailing-comma"):
        parse("[1, // x\n]", comments=True)


def test_many_comments_are_read_in_linear_time() -> None:
    began = time.perf_counter()
    parse("/**/ // x\n" * 50_000 + "{}", comments=True)
    assert time.perf_counter() - began < 2


LONG = {"cached": {f"k{n}": [n, "x"] for n in range(400)}, "list": [{"a": "b" * 50}] * 60, "short": ["kept"]}
LARGE = json.dumps(
    {**LONG, "projects": {"/one": {**LONG, "mcpServers": {"blender": {"command": "uvx"}}}, "/two": LONG}}
)


def test_what_is_of_no_interest_is_passed_over() -> None:
    whole, outline = parse(LARGE), parse(LARGE, only=["mcpServers"])
    assert isinstance(whole.value, dict)
    assert isinstance(outline.value, dict)
    for name, node in outline.value.items():
        assert (node.start, node.end, node.key_start) == (
            whole.value[name].start,
            whole.value[name].end,
            whole.value[name].key_start,
        )
    read = plain(outline)
    assert isinstance(read, dict)
    assert (read["cached"], read["list"], read["short"]) == ({}, [], ["kept"])
    assert read["projects"] == {
        "/one": {"cached": {}, "list": [], "short": ["kept"], "mcpServers": {"blender": {"command": "uvx"}}},
        "/two": {},
    }


@given(
    st.integers(0, len(LARGE)),
    st.sampled_from(["", ",", "}", "]", '"', "\\", "NaN", "\x01", "'", "//", "1", " "]),
    st.integers(0, 2),
)
@settings(max_examples=200, deadline=None)
def test_what_is_passed_over_is_checked(place: int, inserted: str, removed: int) -> None:
    text = LARGE[:place] + inserted + LARGE[place + removed :]
    assert told(text, only=["mcpServers"]) == told(text)


def test_what_is_in_a_member_of_interest_is_read_however_long() -> None:
    servers = {"mine": {"command": "a", "args": ["b"], "env": {"A": "x" * 3000}}}
    document = {"history": ["y" * 100] * 50, "mcpServers": servers, "projects": {"/p": {"mcpServers": servers}}}
    read = plain(parse(json.dumps(document), only=["mcpServers"]))
    assert read == {**document, "history": []}


def told(text: str, only: Sequence[str] = ()) -> tuple[object, int]:
    """Where the value ends, or what is wrong and where."""
    try:
        return None, parse(text, only=only).end
    except JsonSyntaxError as error:
        return error.problem, error.offset
