# SPDX-License-Identifier: Apache-2.0
"""Pickles read as data."""
