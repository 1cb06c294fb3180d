# SPDX-License-Identifier: Apache-2.0
"""What a picture of a person shows: where the face is, its landmarks, its expression."""
