# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's own Python environment: found, planned, made in steps, checked, removed."""
