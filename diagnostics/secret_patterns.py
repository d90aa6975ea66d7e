# SPDX-License-Identifier: GPL-3.0-or-later
"""What looks like a secret in any text, by the name before it or by its own form.

A pattern that may begin anywhere in a long run of such characters would take quadratic time; none of these does.
"""

from __future__ import annotations

import re

MASK = "‹masked›"

NAME = (
    r"[\w.-]{0,40}?(?:api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|signing[_-]?key|[a-z0-9]_key\b|token"
    r"|secret|passw(?:or)?d|passphrase|[_-]pass(?![a-z])|credential|licen[cs]e|auth|bearer|cookie|session[_-]?id|signature"
    r"|connection[_-]?string|webhook)[\w.-]{0,40}"
)
_AT_START = r"(?<![\w.-])"
_SCHEME = r"((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}://"
_BEGINNINGS = (
    # OpenAI, Anthropic, Stripe; GitHub; GitLab; Slack; Hugging Face; npm; PyPI; Tripo; Meshy; Groq; AWS; Google; others
    "(?:sk|pk|rk|gh[opsur]|github_pat|glpat|xox[abeoprs]|xapp|hf|npm|pypi|GOCSPX|tripo|msy|gsk|xai|pplx|r8|do[op]_v1"
    "|shpat|sntrys|AGE-SECRET-KEY|tskey|figd|lin_api|whsec|SG|ya29)[-_.]|AKIA|ASIA|AIza"
)
_NAMED = (
    *("key", "token", "secret", "pass", "credential", "licen", "auth", "bearer", "cookie", "session"),
    *("signature", "connection", "webhook"),
)
# Each after the words, in small letters, of which one stands in all ASCII that it matches: most texts have none.
_PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    # a private key in PEM (RFC 7468), also with its lines joined by \n, and one that is cut off
    (
        ("-----begin",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:(?!-----END).)*(?:-----END [A-Z0-9 ]{0,40}-----)?",
            re.DOTALL,
        ),
        MASK,
    ),
    # Authorization: Digest username=…, Cookie: a=1; b=2, to the end of the line or of the quotes
    (
        ("authorization", "cookie"),
        re.compile(
            r"(?i)(?<![\w.])((?:proxy-)?authorization|(?:set-)?cookie)(['\"]?\s*[:=]\s*)(['\"]?)(?!‹)[^\r\n'\"]+"
        ),
        rf"\1\2\3{MASK}",
    ),
    # --header "X-Anything: VALUE"
    (
        ("--header", "-h"),
        re.compile(
            r"(?<![\w-])(--header|-H)(\s*=\s*|\s+|['\"]\s*,\s*)(?:(['\"])([\w-]{1,60}\s*:\s*)[^'\"\r\n]+"
            r"|([\w-]{1,60}:\s?)(?!‹)[^\s'\"]+)"
        ),
        rf"\1\2\3\4\5{MASK}",
    ),
    # --token VALUE, --api-key="VALUE WITH BLANKS"; a list of arguments in quotes or with commas too
    (
        _NAMED,
        re.compile(
            rf"(?i){_AT_START}(--?{NAME})(\s*=\s*|['\"]?[,\s]+)(?:(['\"])(?!-)(?:(?!\3)[^\\\r\n]|\\.)+|(?!-)[^\s'\",\]]+)"
        ),
        rf"\1\2\3{MASK}",
    ),
    # API_KEY=VALUE, "token": "VALUE WITH BLANKS"
    (
        _NAMED,
        re.compile(
            rf"(?i){_AT_START}({NAME}\\?['\"]?\s*[:=]\s*)(\\?['\"])(?!‹)(?:(?!\2)[^\\\r\n]|\\(?!['\"]).|(?!\2)\\.)+"
        ),
        rf"\1\2{MASK}",
    ),
    (
        _NAMED,
        re.compile(
            rf"(?i){_AT_START}({NAME}['\"]?\s*[:=]\s*['\"]?)(?:(?:bearer|basic|token)\s+)?(?!‹|[{{\[])([^\s'\",;&}}]+)"
        ),
        rf"\1{MASK}",
    ),
    # pwd=VALUE of connection strings, sig=VALUE of signed addresses
    (
        ("pwd", "sig", "uid", "code"),
        re.compile(r"(?i)(?<=[;?&])\s*((?:pwd|sig|uid|code)\s*=\s*)(?!‹)[^\s'\",;&]+"),
        rf"\1{MASK}",
    ),
    (("bearer", "basic"), re.compile(r"(?i)\b(bearer|basic)\s+[\w+/=.~-]{8,}"), rf"\1 {MASK}"),
    # user:password@, ?query and #fragment of addresses
    (("://",), re.compile(rf"{_SCHEME})[^\s/@'\"]+@", re.IGNORECASE), rf"\1{MASK}@"),
    (("://",), re.compile(rf"{_SCHEME}[^\s?#'\"]*)\?[^\s'\"]+", re.IGNORECASE), rf"\1?{MASK}"),
    (("://",), re.compile(rf"{_SCHEME}[^\s?#'\"]*)#[^\s'\"]*[=&][^\s'\"]*", re.IGNORECASE), rf"\1#{MASK}"),
    # addresses that are a secret themselves
    (
        ("hooks.slack.com", "discord"),
        re.compile(
            r"(https://(?:hooks\.slack\.com/services|discord(?:app)?\.com/api/webhooks)/)[^\s'\"]+", re.IGNORECASE
        ),
        rf"\1{MASK}",
    ),
    # keys with a well-known beginning, JSON Web Tokens, bots of Telegram
    (("",), re.compile(rf"\b(?:{_BEGINNINGS})[\w-]{{16,}}(?:\.[\w-]{{16,}})*"), MASK),
    (("eyj",), re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)*"), MASK),
    ((":",), re.compile(r"(?<!\w)\d{8,10}:[\w-]{35}(?![\w-])"), MASK),
)


def without_lookalikes(text: str) -> str:
    """The text, with what looks like a secret masked."""
    lowered, is_ascii = text.lower(), text.isascii()
    for words, pattern, replacement in _PATTERNS:
        if not is_ascii or any(word in lowered for word in words):
            text = pattern.sub(replacement, text)
    return text
