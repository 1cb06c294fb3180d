# SPDX-License-Identifier: Apache-2.0
"""Weights files: our own format, the registry of models, and the safe reader of official files."""
