# SPDX-License-Identifier: Apache-2.0
"""The character: a person as parts on one topology, evaluated from a template's plain arrays."""
