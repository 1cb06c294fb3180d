# SPDX-License-Identifier: Apache-2.0
"""Who of a published model's persons is in a photograph: inversion in W+, and pivotal tuning."""
