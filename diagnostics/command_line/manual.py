# SPDX-License-Identifier: GPL-3.0-or-later
"""What `--help` says about the commands: what they do, and what their exit status means."""

from __future__ import annotations

EXITS = """exit status:
  0    everything that applies works (with or without warnings)
  1    something is broken (or a warning, with --fail-on warn)
  2    wrong usage
  3    nothing is broken, but something could not be tested
  4    MCP Diagnostics itself failed
  130  interrupted"""

FIX_ABOUT = (
    "Runs the diagnosis, shows what the repair of the cause would change, makes it after a yes, and runs the diagnosis "
    "again. What is changed is kept beside it as a backup, and “undo” takes it back."
)
FIX_EXITS = """exit status:
  0    the cause is gone, or with --dry-run the change is shown
  1    it is still there: the change did not help, or was not made
  2    wrong usage, or the cause was not found, or has no repair that can be made from here
  3    the change is made, and whether it helped could not be tested
  130  interrupted"""
UNDO_EXITS = """exit status:
  0    the last change is taken back, or with --dry-run shown
  1    there is none, or it cannot be taken back; nothing was changed
  2    wrong usage
  130  interrupted"""

LOCK_ABOUT = (
    "Records what a working chain consists of in a small file for version control, with the server's packages and "
    "their hashes beside it; or says what is otherwise now."
)
LOCK_EXITS = """exit status of verify:
  0    everything is as it is recorded
  1    something is otherwise
  2    wrong usage, or no lock file that can be read
  3    not everything could be compared
of write: that of the run, with which nothing is written unless it is 0;
  3    also where no requirements with hashes could be made"""
