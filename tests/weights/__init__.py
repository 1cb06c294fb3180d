# SPDX-License-Identifier: Apache-2.0
"""Weights files: header, checkpoint, registry."""
