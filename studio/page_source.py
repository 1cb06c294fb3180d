# SPDX-License-Identifier: Apache-2.0
"""The one page: viser's client as its wheel has it, with our title, a place to drop files on, sizes told early, and its
way back when the server was gone."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from studio.messages import MAX_UPLOAD
from studio.page_return import FIELD, SCRIPT, STYLE

HEAD = (
    (
        """
<style>
  #studio-drop { position: fixed; inset: 0; display: none; align-items: center; justify-content: center; z-index: 9999;
    background: rgba(20, 22, 26, 0.72); color: #f2efe9; text-align: center;
    font: 500 1.3rem/1.5 system-ui, sans-serif; }
  #studio-drop.shown { display: flex; }
  #studio-drop div { border: 2px dashed #c9a27a; border-radius: 18px; padding: 3rem 4rem; }
  /* Ends of sliders say what the number beside them says, in signs that lie under the knob. */
  .mantine-Slider-mark, .mantine-Slider-markLabel { display: none; }
  p.mantine-Text-root > label { color: #c4beb5; letter-spacing: -0.02em; }
  .mantine-Input-input { letter-spacing: 0 !important; }
RETURN_STYLE</style>
<script>RETURN_SCRIPT</script>
<script>
(() => {
  const most = MOST_BYTES;
  document.title = 'Portrait studio';
  // viser leaves tone mapping at three.js's own, ACES, which makes skin pale; Khronos' neutral one keeps the colours of
  // the maps. Where a later version has no such line, colours are paler and nothing else.
  const paint = WebGL2RenderingContext.prototype.shaderSource;
  WebGL2RenderingContext.prototype.shaderSource = function (shader, source) {
    const line = /(vec3 toneMapping\\( vec3 color \\) { return )ACESFilmic(ToneMapping\\( color \\); })/;
    return paint.call(this, shader, source.replace(line, '$1Neutral$2'));
  };
  const refuse = (file) => alert(file.name + ' has ' + Math.ceil(file.size / 1048576) + ' MB; this page takes up to '
    + most / 1048576 + ' MB.');
  // Before viser's own listener: a file that is too large is not sent at all.
  addEventListener('change', (event) => {
    const input = event.target;
    if (input.type === 'file' && input.files[0] && input.files[0].size > most) {
      event.stopImmediatePropagation();
      refuse(input.files[0]);
      input.value = '';
    }
  }, true);
  const pane = document.createElement('div');
  pane.id = 'studio-drop';
  pane.innerHTML = '<div>Drop a recipe (.json), an avatar (.glb, .vrm) or a photograph</div>';
  const shown = (yes) => pane.classList.toggle('shown', yes);
  addEventListener('DOMContentLoaded', () => document.body.append(pane));
  addEventListener('dragenter', (event) => { event.preventDefault(); shown(true); });
  addEventListener('dragover', (event) => { event.preventDefault(); });
  addEventListener('dragleave', (event) => { if (!event.relatedTarget) shown(false); });
  addEventListener('drop', (event) => {
    event.preventDefault();
    shown(false);
    const file = event.dataTransfer.files[0];
    const input = document.querySelector('FIELD');
    if (!file || !input) return;
    if (file.size > most) return refuse(file);
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
})();
</script>
"""
    )
    .replace("MOST_BYTES", str(MAX_UPLOAD))
    .replace("FIELD", FIELD)
    .replace("RETURN_STYLE", STYLE.lstrip("\n"))
    .replace("RETURN_SCRIPT", SCRIPT)
)


@cache
def page_source() -> bytes:
    """The bytes of the page.

    Raises ``RuntimeError`` where viser's page has no head to put ours into.
    """
    import viser

    path = Path(viser.__file__).parent / "client" / "build" / "index.html"
    text = path.read_text(encoding="utf-8")
    begin, found, rest = text.partition("<title>Viser</title>")
    if not found:
        raise RuntimeError("the page of this version of viser is another one than the studio knows")
    return (begin + "<title>Portrait studio</title>" + HEAD + rest).encode()
