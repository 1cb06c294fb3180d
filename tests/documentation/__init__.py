# SPDX-License-Identifier: Apache-2.0
"""The documentation: its links, its code blocks, the notebook, and what the site makes."""
