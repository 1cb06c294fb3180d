# SPDX-License-Identifier: Apache-2.0
"""Adversarial training of the published generator and discriminator, with poses that are learnt on the way."""
