# SPDX-License-Identifier: Apache-2.0
"""What the page does while its server is gone: says so, waits, comes back by itself, and brings its people along.

viser's page opens a new websocket once a second, and only while the page has the focus. Neither brings it back: whoever
starts the server again does so in another window, and Chromium holds a websocket back for up to 5 seconds where many
before it have failed, so that each is given up before it is opened. So the page is told that it never has the focus,
which stops those, and asks for an address instead; a websocket is opened only once that answers. viser's worker says
when a connection is there and when it is closed, and opens one when it is told to. A server that was ended has
forgotten everybody: the page holds its last people itself (:mod:`studio.held`), and hands them over as a file once new
controls are there.
"""

from __future__ import annotations

from studio.held import ENDING, HELD_FILE, HELD_ID

ALIVE = "/alive"
"""What the page asks for while it has no connection: 204 where it may come in, 403 where its token is another's."""

FIELD = f'input[type=file][accept*="{ENDING}"]'
"""The page's field for files that are dropped or handed back, as it is found there; it is not shown."""

STYLE = """
  #studio-lost { position: fixed; left: 16px; bottom: 16px; display: none; z-index: 9998;
    max-width: min(30rem, 60vw); box-sizing: border-box; background: #2a2622; color: #f2efe9; text-align: left;
    border: 1px solid #c9a27a; border-radius: 12px; padding: 0.7rem 1.1rem; box-shadow: 0 6px 24px rgba(0, 0, 0, 0.45);
    font: 500 0.95rem/1.4 system-ui, sans-serif; }
  #studio-lost.shown { display: block; }
  div:has(> #HELD_ID), div:has(> FIELD) { display: none; }
""".replace("HELD_ID", HELD_ID).replace("FIELD", FIELD)

SCRIPT = (
    """
(() => {
  document.hasFocus = () => false;
  const AWAY = 'The connection to the studio is lost. This page comes back by itself once the studio runs again.';
  const TOKEN = 'The studio runs again and wants its new token. Open the address that it printed; this page then goes '
    + 'on as well.';
  const THERE = 'The studio answers, but has not let this page in yet. It goes on trying.';
  const PATIENCE = 6000;
  const KEY = 'studio-held', AGAIN = 'studio-loaded-again';
  const store = (name, value) => {
    // Private windows and full ones keep nothing: then a page that loads itself again begins anew.
    try {
      if (value === undefined) return sessionStorage.getItem(name);
      if (value === null) sessionStorage.removeItem(name); else sessionStorage.setItem(name, value);
    } catch { return null; }
  };
  let lost = false, since = 0, asking = false, answered = 0, tried = 0;
  let worker = null, before = '', waiting = !!store(KEY);
  let held = store(KEY) || '';
  store(KEY, null);
  const pane = document.createElement('div');
  pane.id = 'studio-lost';
  pane.setAttribute('role', 'status');
  addEventListener('DOMContentLoaded', () => document.body.append(pane));
  const say = (text) => { pane.textContent = text; pane.classList.toggle('shown', !!text); };
  const mine = () => document.getElementById('HELD_ID');

  const close = () => {
    if (lost) return;
    const people = mine();
    // A page that was lost again before it had its people back still has the older ones.
    if (people && people.dataset.own === 'yes') held = people.textContent;
    if (people) before = people.dataset.page;
    lost = true; waiting = false; since = Date.now(); answered = tried = 0;
  };
  const connect = () => {
    if (lost) waiting = !!held;
    lost = false;
    say('');
  };
  const look = async () => {
    if (!lost || asking) return;
    asking = true;
    const patience = new AbortController();
    setTimeout(() => patience.abort(), PATIENCE);
    let status = 0;
    try { status = (await fetch('ALIVE', { cache: 'no-store', signal: patience.signal })).status; } catch { /* away */ }
    asking = false;
    if (!lost) return;
    if (status !== 204) { answered = 0; say(status === 403 ? TOKEN : Date.now() - since > 1000 ? AWAY : ''); return; }
    if (Date.now() - tried < PATIENCE) return;
    tried = Date.now();
    answered += 1;
    worker.postMessage({ type: 'retry' });
    if (answered > 1) say(THERE);
    // Another version of the page may be wanted; once a minute at most, and never while there is nobody to ask.
    if (answered > 3 && Date.now() - Number(store(AGAIN) || 0) > 60000) {
      store(AGAIN, String(Date.now()));
      if (held) store(KEY, held);
      location.reload();
    }
  };
  const hand = () => {
    const people = mine(), input = document.querySelector('FIELD');
    if (!waiting || lost || !people || !input || people.dataset.page === before) return;
    waiting = false;
    const carried = new DataTransfer();
    carried.items.add(new File([held], 'HELD_FILE', { type: 'application/json' }));
    input.files = carried.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  };
  setInterval(look, 1000);
  addEventListener('visibilitychange', look);
  setInterval(hand, 300);

  const Own = window.Worker;
  window.Worker = class extends Own {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', (event) => {
        const kind = event.data && event.data.type;
        if (kind === 'closed') { worker = this; close(); }
        if (kind === 'connected') connect();
      });
    }
  };
})();
""".replace("HELD_ID", HELD_ID)
    .replace("HELD_FILE", HELD_FILE)
    .replace("FIELD", FIELD)
    .replace("ALIVE", ALIVE)
)
