# SPDX-License-Identifier: Apache-2.0
"""The page about descriptions: ``python -m cli.words_page`` writes docs/describe.md, its tables out of the lexicon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from portrait_core.words.lexicon import FILES, Entry, content_of
from portrait_core.words.wishes import Wish

PAGE = Path(__file__).parents[1] / "docs" / "describe.md"

_HEAD = """# Descriptions in words

<!-- Made by `python -m cli.words_page` from portrait_core/words/tables; change those files, not this one. -->

Say how somebody looks, in English or German, and get the attributes, the hair, the clothes and the expression of the
starter that come nearest.

```sh
portrait describe "a woman of about sixty, long grey hair, green eyes, round face, smiling, dark red shirt"
portrait generate --describe "He's a burly guy in his 50s with a bald head and thick dark brows"
portrait generate --describe "eine junge Frau mit Sommersprossen, dunkelgrünes Kleid" --seed 7
portrait describe "older, not so wide a nose" --recipe avatars/starter-7.glb --out older.json
portrait batch --from people.csv --out crowd          # with a column `describe`
```

`portrait describe` shows each attribute with its value and the words that it came from, and says what it did not
understand (`not understood: blorp`) and what the starter cannot show (`cannot be shown: glasses (nothing is worn on
the face)`). `--json` gives the same as data with the recipe, `--out FILE.json` writes the recipe for `--recipe`. A
text of which nothing is understood or can be shown ends with exit code 2.

## Who it is

The same words give the same person, on every machine. What words leave open comes from a seed: without one it is
always %SEED%, a person without anything striking, so that changing a word changes what that word means and nothing
else. `--seed` varies the rest. In Blender it is the seed of the panel.

Options beside a description go before it (`--set age=1`), a description goes before what a recipe's file says, and in
a table the other cells of a row go before the cell `describe`. `--describe` on `portrait batch` holds for rows
without one.

## How a text is read

- An adjective belongs to the noun behind it, or to the one before it: *thick dark brows and thin red lips*, *the eyes
  are green*, *eyes: green*, *small, dark eyes*, *her hair is long and grey*. By itself it means the person: *slim*,
  *pale*.
- Degrees: *a bit, slightly* (half of the word), *rather, quite* (0.8), *very* (1.5 times), *extremely* (twice), and
  superlatives (1.7 times); no attribute goes beyond 3 standard deviations.
- Negation reaches to the next comma, *and* or *but*: *no beard*, *without freckles*, *not smiling*. *Not wide* is a
  little narrow.
- Comparisons: *older*, *much fuller lips*, *less grey*, *not so wide*. With `--recipe` (in Blender: with the panel's
  person) they change that person by one standard deviation, *a bit* by half of one, *much* by two, and nothing is
  changed that no word speaks of. Without a person they count from the mean.
- Ages: *about sixty*, *in her late twenties*, *19-year-old*, *aged 45*, *between 50 and 60*, *Mitte vierzig*. The
  starter has ages from twenty to eighty.
- Colours: everyday ones, those of CSS, and *dark*, *light*, *pale*, *deep* before them. Clothes get the nearest
  colour that the starter's cloth has; white is off-white.
- Spelling: a word that is one letter off a word of the tables below is taken for it and shown so (`frekles
  (freckles)`), or two in a longer word where fingers slipped (a neighbouring key, a doubled letter, two exchanged),
  unless it is a common word itself. Of several the one is taken that goes with its neighbours. Umlauts may be *ae*,
  *oe*, *ue*. Plurals, German endings and compounds (*dunkelrot*, *blauäugig*) are known.
- Hair of a said length or curl becomes a style: *long* a braid or, for men, a ponytail; *flowing*, *loose* hair is
  there as a [volume](parts.md#hair-as-a-volume) alone; *curly* a bob, short waves, or an afro.

## What follows from words

In the starter's world light eyes, light hair and freckles come with light skin, dark skin with African features,
stubble with a masculine face. Where words leave these open they are chosen so that what was said is seen, and shown
as such (`for light eyes`); where words say otherwise that is told. There are no beards: *beard* is the heaviest
stubble.

It is a table and rules, no language model: words outside the table are not understood, and the place of a word
decides what it belongs to. Of 414 descriptions in `tests/words` the tests ask that 95 in 100 are read as they are
meant, 85 in 100 with a letter wrong in one word, and 85 in 100 of 47 that were typed in a hurry. Of the newest, before
anything was mended for them, it read 52 of 58 as they were meant, and 16 of 22 that were typed in a hurry.

## From Python and other programs

```python
from portrait_core.words.description import described

found = described("an old man with green eyes, glasses")
print(found.attributes, found.lacking, found.unknown)
```

`found.fields()` are fields of a recipe. The [worker](worker-protocol.md) has the request `describe`, the
[add-on](blender.md) a line in the Create panel.

## The words

What a word asks for, in standard deviations of the attribute, beside each noun that it has a meaning for and by
itself (`alone`). `~` gives way to what is said elsewhere, `?` (of pronouns) to that as well, `+` goes on top of it.
"""

TITLES = {
    "colours": "Colours",
    "hair": "Hair and beards",
    "face": "The face",
    "expressions": "Expressions",
    "clothes": "Clothes",
    "people": "People",
    "lacking": "What cannot be shown",
}


def page() -> str:
    """The whole page."""
    from portrait_core.words.description import SEED

    parts = [_HEAD.replace("%SEED%", str(SEED))]
    for name in FILES:
        rows = [each for each in content_of(name) if each.names.get("de") or each.role == "shade" or _told(each)]
        parts.append(f"\n### {TITLES[name]}\n\n| English | German | means |\n| --- | --- | --- |\n")
        parts += [f"| {each.names['en']} | {each.names['de']} | {_means(each)} |\n" for each in rows]
    return "".join(parts)


def _told(entry: Entry) -> bool:
    """Whether a row has a line; the names of CSS do without."""
    return set(entry.beside) != {"clothes"} or bool(entry.topic)


def _means(entry: Entry) -> str:
    said = "; ".join(_lines(entry))
    note = f"({entry.note})" if entry.note else ""
    return " ".join(each for each in (entry.lack, said, note) if each).replace("|", "/")


def _lines(entry: Entry) -> Iterator[str]:
    if entry.shade:
        yield "darker before a colour" if entry.shade < 0 else "lighter before a colour"
    if entry.topic and not entry.lack:
        yield f"the noun *{entry.topic}*"
    for topic, wishes in entry.beside.items():
        if wishes:
            yield f"{topic}: {', '.join(map(_wish, wishes))}"
    if entry.no is not None:
        yield f"not: {', '.join(map(_wish, entry.no))}"


def _wish(wish: Wish) -> str:
    sign = {"set": "", "weak": "~", "hint": "?", "add": "+"}[wish.manner]
    if wish.target == "rgb":
        return f"#{wish.value}"
    if not isinstance(wish.value, float):
        return f"`{wish.value}`"
    number = f"{wish.value:g}" if wish.target.startswith("face.") or wish.target == "years" else f"{wish.value:+g}"
    return f"{wish.target.removeprefix('face.')} {sign}{number}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
