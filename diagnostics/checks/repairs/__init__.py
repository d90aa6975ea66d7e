# SPDX-License-Identifier: GPL-3.0-or-later
"""Which change of a file repairs a cause on this machine, where that is certain."""
