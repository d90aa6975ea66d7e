# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JSON, schema 1."""

from __future__ import annotations

import json

from ..model import CheckResult, Finding, Report, Tool

SCHEMA = 1


def render(report: Report) -> str:
    """One JSON object, pure ASCII so that no terminal and no encoding can spoil it, and a newline."""
    return json.dumps(as_object(report), indent=2, allow_nan=False) + "\n"


def as_object(report: Report) -> dict[str, object]:
    """The report as what JSON is made of."""
    return {
        "schema": SCHEMA,
        "tool": tool_as_object(report.tool),
        "started": report.started,
        "elapsed_ms": round(report.elapsed_ms, 1),
        "target": {"host": report.host, "port": report.port, "tls": report.tls, "kind": report.kind},
        "verdict": report.verdict,
        "headline": report.headline,
        "root_cause": report.root_cause,
        "changed": list(report.changed),
        "chain": [
            {
                "link": row.link,
                "verdict": row.verdict,
                "summary": row.summary,
                "elapsed_ms": round(row.elapsed_ms, 1),
            }
            for row in report.chain
        ],
        "layers": [
            {"name": layer.name, "verdict": layer.verdict, "elapsed_ms": round(layer.elapsed_ms, 1)}
            for layer in report.layers
        ],
        "servers": [
            {
                "who": server.who,
                "transport": server.transport,
                "offered": list(server.offered),
                "negotiated": server.negotiated,
                "supported": list(server.supported),
                "server": server.server,
                "capabilities": list(server.capabilities),
                "experimental": list(server.experimental),
                "tools": list(server.tools),
                "deprecated": list(server.deprecated),
                "steps": [{"method": method, "elapsed_ms": round(taken, 1)} for method, taken in server.steps],
                "reached": server.reached or None,
            }
            for server in report.servers
        ],
        "findings": [finding_as_object(found) for found in report.findings],
        "notes": list(report.notes),
        "checks": [_check(check) for check in report.checks],
        "consents": [
            {
                "digest": consent.digest,
                "app": consent.app,
                "command_line": consent.command_line,
                "program": consent.program,
                "variables": list(consent.variables),
                "cwd": consent.cwd,
            }
            for consent in report.consents
        ],
        "did": {
            "connected": list(report.did.connected),
            "started": [list(argv) for argv in report.did.started],
            "read": list(report.did.read),
            "written": list(report.did.written),
        },
        "masked": list(report.masked),
        "not_masked": list(report.not_masked),
    }


def tool_as_object(tool: Tool) -> dict[str, object]:
    """Which doctor, where."""
    return {
        "name": tool.name,
        "version": tool.version,
        "python": tool.python,
        "blender": tool.blender,
        "platform": tool.platform,
    }


def finding_as_object(found: Finding) -> dict[str, object]:
    """A finding with its evidence and remedies."""
    return {
        "id": found.id,
        "link": found.link,
        "verdict": found.verdict,
        "title": found.title,
        "detail": found.detail,
        "evidence": {key: list(value) if isinstance(value, tuple) else value for key, value in found.evidence.items()},
        "explained_by": found.explained_by,
        "order": found.order,
        "muted": found.muted,
        "remedies": [{"title": r.title, "kind": r.kind, "text": r.text} for r in found.remedies],
        "elapsed_ms": round(found.elapsed_ms, 1),
    }


def _check(check: CheckResult) -> dict[str, object]:
    return {
        "id": check.id,
        "verdict": check.verdict,
        "elapsed_ms": round(check.elapsed_ms, 1),
        "blocked_by": check.blocked_by,
        "found": list(check.found),
        "transcript": list(check.transcript),
    }
