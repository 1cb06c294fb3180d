# SPDX-License-Identifier: Apache-2.0
"""Training: losses, schedules, data sets, the loops."""
