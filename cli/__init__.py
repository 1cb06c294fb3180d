# SPDX-License-Identifier: Apache-2.0
"""The command ``portrait``: parses, calls the engine, prints. Nothing heavy is imported before a command runs."""
