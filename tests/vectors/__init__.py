# SPDX-License-Identifier: Apache-2.0
"""Numbers of the published networks, and the check that ours gives the same (``python -m tests.vectors
[DIR]``)."""
