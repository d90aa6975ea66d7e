# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs for this machine: each is planned and shown first, carried out after a yes, and can be undone."""
