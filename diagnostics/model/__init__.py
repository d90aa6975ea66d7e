# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the diagnosis: what to test, what was seen, what it means.

Plain frozen data without behaviour of its own; every other module speaks in these types. Never imports bpy.
"""

from __future__ import annotations

from .edit import (
    AsList,
    AsText,
    CopyFrom,
    FileEdit,
    InsertItem,
    Keys,
    Mend,
    Operation,
    Plain,
    Remove,
    Rename,
    SetValue,
    WithoutMark,
)
from .event import CaseEnded, CheckEnded, CheckStarted, Event, SelfTestEvent
from .finding import EDIT_FILES, END_PROCESS, Consent, EvidenceValue, Finding, Remedy
from .inventory import AppFacts, EntryFacts, Inventory
from .machine import Command, Machine
from .report import CheckResult, Did, Layer, LinkResult, McpFacts, Repeat, Report, Tool
from .self_test import CaseResult, SelfTestReport
from .snapshot import BridgeState, Snapshot
from .target import Kind, Lock, Target, Tls, WorkingSet
from .verdict import Link, Verdict
from .worked_entry import WorkedEntry

__all__ = [
    "EDIT_FILES",
    "END_PROCESS",
    "NAME",
    "VERSION",
    "AppFacts",
    "AsList",
    "AsText",
    "BridgeState",
    "CaseEnded",
    "CaseResult",
    "CheckEnded",
    "CheckResult",
    "CheckStarted",
    "Command",
    "Consent",
    "CopyFrom",
    "Did",
    "EntryFacts",
    "Event",
    "EvidenceValue",
    "FileEdit",
    "Finding",
    "InsertItem",
    "Inventory",
    "Keys",
    "Kind",
    "Layer",
    "Link",
    "LinkResult",
    "Lock",
    "Machine",
    "McpFacts",
    "Mend",
    "Operation",
    "Plain",
    "Remedy",
    "Remove",
    "Rename",
    "Repeat",
    "Report",
    "SelfTestEvent",
    "SelfTestReport",
    "SetValue",
    "Snapshot",
    "Target",
    "Tls",
    "Tool",
    "Verdict",
    "WithoutMark",
    "WorkedEntry",
    "WorkingSet",
]

NAME = "MCP Diagnostics"
VERSION = "0.1.0"
"""The release, as in `blender_manifest.toml` and `pyproject.toml`."""
