# SPDX-License-Identifier: Apache-2.0
"""The face in motion: shapes by their names, expressions, recordings and lip-sync cues."""
