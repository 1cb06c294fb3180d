# SPDX-License-Identifier: Apache-2.0
"""Files as other programs write them: small ones of our own making, in their layouts."""
