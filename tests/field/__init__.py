# SPDX-License-Identifier: Apache-2.0
"""Files as other programs write them, and machines as users have them: what public bug reports tell of."""
