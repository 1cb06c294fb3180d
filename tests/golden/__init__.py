# SPDX-License-Identifier: Apache-2.0
"""The golden net: whole files of a handful of recipes, held by their digests."""
