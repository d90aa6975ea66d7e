# SPDX-License-Identifier: GPL-3.0-or-later
"""Each probe asks the outside world one question, bounded in time and bytes, and returns what it saw.

A probe never judges, and never raises for what the world does.
"""
