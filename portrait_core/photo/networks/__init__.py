# SPDX-License-Identifier: Apache-2.0
"""Published networks that read pictures: fetched once on the user's wish, kept as plain arrays, run as plain torch."""
