# SPDX-License-Identifier: Apache-2.0
"""Latents: people around one, between two, on a walk."""
