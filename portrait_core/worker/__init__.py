# SPDX-License-Identifier: Apache-2.0
"""The engine as a child process of another program: requests in, events out, one JSON object a line.

:mod:`portrait_core.protocol` says how they look, docs/worker-protocol.md what they mean.
"""
