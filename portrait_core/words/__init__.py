# SPDX-License-Identifier: Apache-2.0
"""Words about a person, English or German, as attributes, styles and an expression of the starter.

No model and no statistics: a table of words (`tables/*.toml`, read by `lexicon`), the forms that words take (`forms`),
misspelt ones (`spelling`, `slips`, `fitting`), numbers that mean an age (`ages`), and rules for which word belongs to
which (`reading`, `clauses`).
`description` puts together what was meant; `wishes` are the parts of it. Standard library and the face's names alone.
"""
