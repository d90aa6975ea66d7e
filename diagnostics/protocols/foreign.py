# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells by its first bytes what is no bridge to Blender at all (field guide, protocols 2.3)."""

from __future__ import annotations

import re

_PROGRAMS = (
    # (how its first bytes look, what it is); the most telling first
    (re.compile(rb"HTTP/\d|<!doctype html|<html", re.IGNORECASE), "a web server (HTTP)"),
    (re.compile(rb"SSH-\d"), "an SSH server"),
    (re.compile(rb"[\x15\x16]\x03[\x00-\x04]"), "a TLS server"),
    (re.compile(rb"220[ -][^\r\n]*(?i:smtp|mail|postfix|exim)"), "a mail server (SMTP)"),
    (re.compile(rb"220[ -]"), "a mail or file server (SMTP or FTP)"),
    (re.compile(rb"-(?:ERR|NOAUTH|DENIED|MISCONF|WRONGPASS) "), "a Redis server"),
    (re.compile(rb"RFB \d{3}\."), "a VNC server"),
    (re.compile(rb"[\x00-\xff]\x00\x00\x00(?:\x0a[\d.]|\xff)", re.DOTALL), "a MySQL or MariaDB server"),
    (re.compile(rb"E[\x00-\xff]{4}S(?:FATAL|ERROR)", re.DOTALL), "a PostgreSQL server"),
    (re.compile(rb"\* OK |\+OK "), "a mail server (IMAP or POP3)"),
)


def foreign(data: bytes) -> str:
    """What says this, such as "an SSH server"; empty where that is not known, or not yet."""
    start = data.lstrip(b"\r\n")
    return next((program for pattern, program in _PROGRAMS if pattern.match(start)), "")
