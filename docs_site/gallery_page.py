# SPDX-License-Identifier: Apache-2.0
"""The gallery as HTML: each avatar in model-viewer, with its words, its file and its recipe. Standard library only."""

from __future__ import annotations

import html
import json
from typing import Any

from docs_site.places import GALLERY

HERO = ("freya", "samuel", "mei", "walter", "imani", "nora", "tariq", "olive")
"""Who is seen on the home page, where the gallery has them; the first in 3D."""

NOT_BUILT = (
    '<p class="pk-missing">The avatars are made when the site is built: <code>make docs</code>. '
    "This copy was built without them.</p>"
)


def avatars() -> tuple[str, list[dict[str, Any]]]:
    """The command that made the gallery, and what is known of each avatar; none where it was not made."""
    path = GALLERY / "shown" / "gallery.json"
    if not path.is_file():
        return "", []
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return str(facts["command"]), list(facts["avatars"])


def viewer(name: str, words: str, *, lazy: bool) -> str:
    """One avatar: its picture until it is asked for, then the file itself, to turn and look at."""
    alt = html.escape(words, quote=True)
    way = 'reveal="manual" loading="lazy"' if lazy else 'loading="eager"'
    return (
        f'<model-viewer src="gallery/{name}.glb" alt="{alt}" {way} camera-controls '
        'camera-orbit="24deg 84deg 1.5m" camera-target="0m 0.06m 0m" field-of-view="22deg" '
        'min-camera-orbit="auto auto 0.5m" '
        'shadow-intensity="0" exposure="1.05" tone-mapping="neutral" interaction-prompt="none" '
        f'disable-tap><img slot="poster" src="gallery/{name}.jpg" alt="{alt}" loading="lazy">'
        # Its own bar stays where a card was loaded out of sight; the button says that it loads.
        '<span slot="progress-bar"></span></model-viewer>'
    )


def hero() -> str:
    """The home page's band of people."""
    known = {each["name"]: each for each in avatars()[1]}
    there = [known[name] for name in HERO if name in known]
    if not there:
        return (
            '<div class="pk-hero-still"><img src="pictures/contact-sheet.png" '
            'alt="Sixteen avatars from four sides"></div>'
        )
    first, *others = there
    faces = "".join(
        f'<a href="gallery.html#{each["name"]}"><img src="gallery/{each["name"]}.jpg" '
        f'alt="{html.escape(each["words"], quote=True)}" loading="lazy"></a>'
        for each in others[:6]
    )
    return (
        f'<div class="pk-stage">{viewer(first["name"], first["words"], lazy=False)}'
        f'<div class="pk-says">{html.escape(first["words"])}</div></div>'
        f'<div class="pk-band">{faces}</div>'
    )


def link() -> str:
    """The home page's way to the gallery."""
    count = len(avatars()[1])
    return f'<a class="md-button" href="gallery.html">{f"{count} avatars to turn" if count > 1 else "Gallery"}</a>'


def grid() -> str:
    """All avatars, each in a card."""
    command, found = avatars()
    if not found:
        return NOT_BUILT
    cards = "".join(_card(each) for each in found)
    told = (
        f"<p>{len(found)} avatars, made by <code>{html.escape(command)} --from docs_site/gallery.csv</code> "
        f"when this site was built.</p>"
    )
    return f'{told}<div class="pk-grid">{cards}</div>{_SCRIPT}'


def _card(each: dict[str, Any]) -> str:
    name, words = each["name"], html.escape(each["words"])
    face = f", {html.escape(each['expression'])}" if each["expression"] else ""
    return (
        f'<figure class="pk-card" id="{name}">{viewer(name, each["words"], lazy=True)}'
        f'<button class="pk-look" type="button">Turn in 3D</button>'
        f"<figcaption><q>{words}</q><small>seed {each['seed']}{face}; {each['triangles']:,} triangles</small>"
        f'<span class="pk-files"><a href="gallery/{name}.glb" download>{name}.glb</a> '
        f"<small>{each['bytes'] / 1e6:.1f} MB</small> "
        f'<a href="gallery/{name}.json" download>recipe</a></span></figcaption></figure>'
    )


_SCRIPT = """<script>
document.querySelectorAll('.pk-look').forEach((button) => button.addEventListener('click', () => {
  const viewer = button.parentElement.querySelector('model-viewer');
  if (location.protocol === 'file:') {
    button.textContent = 'Browsers load no models from disk: python -m http.server';
    return;
  }
  button.textContent = 'Loading ...';
  viewer.addEventListener('load', () => button.remove(), { once: true });
  viewer.addEventListener('error', () => { button.textContent = 'The model could not be loaded.'; }, { once: true });
  viewer.dismissPoster();
  if (viewer.loaded) button.remove();  // it was, before anybody asked
}));
</script>"""
