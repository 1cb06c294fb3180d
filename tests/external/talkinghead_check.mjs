// SPDX-License-Identifier: Apache-2.0
// Shows each GLB with TalkingHead in headless Chromium, and has it speak, look and change its mood.
// node tests/external/talkinghead_check.mjs [--out FOLDER] [--quick] A.glb B.glb; one JSON line each, exit status 1 if
// one fails. With --out, pictures are written. --quick only asks whether a file is accepted and where it stands, for all
// but the first. --film FOLDER has the first say a line in close-up, and writes a picture for every frame of 1/30 s.
// CHROMIUM names the browser (default /usr/bin/chromium).
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { browser, option, savePicture, serve } from './browse.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, 'node_modules', '@met4citizen', 'talkinghead', 'modules');
// The three.js that it was made for, its own or the one that it shares.
const three = path.resolve(path.dirname(createRequire(path.join(modules, 'x.js')).resolve('three')), '..');
const given = process.argv.slice(2);
const out = option(given, '--out');
const quick = option(given, '--quick', false);
const film = option(given, '--film');
if (out) fs.mkdirSync(out, { recursive: true });

const server = await serve((kind, rest) =>
  kind === 'page' ? path.join(here, 'talkinghead_page.html')
  : kind === 'talkinghead' ? path.join(modules, ...rest)
  : kind === 'three' ? path.join(three, ...rest)
  : kind === 'glb' ? given[Number(rest[0])]
  : null);
const chromium = await browser();

const NEAR = 60; // milliseconds: under two of its frames
function spoken({ at, visemes, rows }) {
  const faults = [];
  for (const [number, name] of visemes.entries()) {
    // A viseme is fullest half of its 200 milliseconds after its time.
    const peak = rows.reduce((best, row) => (row.values[name] > best.values[name] ? row : best));
    if (Math.abs(peak.time - at[number] - 100) > NEAR) faults.push(`viseme ${name} is fullest at ${peak.time}, not ${at[number] + 100}`);
    if (peak.values[name] < 0.4) faults.push(`viseme ${name} reaches only ${peak.values[name]}`);
  }
  const open = rows.filter((row) => Math.abs(row.time - at[0] - 100) < NEAR).map((row) => row.moved);
  const closed = rows.filter((row) => row.time < at[0] - 250).map((row) => row.moved);
  if (Math.max(...open) < 2) faults.push(`at aa the lips moved only ${Math.max(...open)} mm`);
  if (Math.max(...closed) > 0.5 * Math.max(...open)) faults.push(`before it the lips moved ${Math.max(...closed)} mm`);
  return faults;
}

// "Papa, my boat! Who sees me off?" and a second's rest, in which it blinks: sounds with their beginnings in milliseconds.
const LINE = [
  ['PP', 300], ['aa', 420], ['PP', 640], ['aa', 760], ['PP', 1100], ['aa', 1200], ['I', 1380], ['PP', 1560], ['O', 1680], ['DD', 1960],
  ['U', 2500], ['SS', 2760], ['I', 2900], ['SS', 3120], ['PP', 3300], ['I', 3420], ['O', 3640], ['FF', 3860],
];
const LINE_END = 6000;
async function filmed(page, folder) {
  fs.mkdirSync(folder, { recursive: true });
  const times = LINE.map((sound) => sound[1]);
  const lengths = times.map((time, at) => Math.min(260, (times[at + 1] ?? time + 260) - time));
  await page.evaluate((line) => window.beginLine(...line), [LINE.map((sound) => sound[0]), times, lengths]);
  for (let frame = 0; frame < (30 * LINE_END) / 1000; frame++) {
    const { picture } = await page.evaluate((milliseconds) => window.nextFrame(milliseconds), 1000 / 30);
    savePicture(folder, `${String(frame).padStart(4, '0')}.png`, picture);
  }
  await page.evaluate(() => window.endLine());
}

let failed = 0;
try {
  const size = film ? 512 : 480;
  const page = await chromium.newPage({ viewport: { width: size, height: size } });
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${server.base}/page?size=${size}`);
  await page.waitForFunction(() => document.title === 'ready', null, { timeout: 60000, polling: 100 });
  const save = async (name, view) => {
    if (out) savePicture(out, name, await page.evaluate((v) => window.picture(v), view));
  };
  for (const [number, file] of given.entries()) {
    const name = path.basename(file, '.glb'), faults = [], found = {};
    try {
      const shown = (found.shown = await page.evaluate((url) => window.show(url), `/glb/${number}`));
      if (shown.names < 72) faults.push(`it has ${shown.names} shapes, not 72`);
      if (Math.abs(shown.lowest) > 0.1) faults.push(`it stands at ${shown.lowest} m`);
      if (Math.max(...shown.onScreen.slice(0, 2).map(Math.abs)) > 0.6) faults.push(`the eyes are at ${shown.onScreen} of the picture`);
      await save(`${name}-upper.png`, 'upper');
      if (film && number === 0) await filmed(page, film);
      if (out) savePicture(out, `${name}-close.png`, await page.evaluate(() => window.closeUp()));
      if (!quick || number === 0) {
        await save(`${name}-head.png`, 'head');
        const moods = (found.moods = await page.evaluate(() => window.moods()));
        for (const [mood, moved] of Object.entries(moods)) if (moved < 1) faults.push(`mood ${mood} moves only ${moved} mm`);
        const eyes = (found.eyes = await page.evaluate(() => window.eyeContact()));
        for (const [look, both] of Object.entries(eyes)) {
          for (const eye of both) {
            if (!(eye.off < 3)) faults.push(`${look}: an eye looks ${eye.turned} degrees aside and up, and was sent to ${eye.sent}`);
          }
        }
        // How near it comes to a camera is its own rule's, which goes by the head's turn alone.
        const past = (look) => Math.max(...eyes[look].map((eye) => eye.past));
        if (!(past('contact') < Math.max(past('aside'), past('other')) && past('contact') < 20)) {
          faults.push(`in eye contact the eyes look ${past('contact')} degrees past the camera`);
        }
        const speech = await page.evaluate((frames) => window.speak(frames), Boolean(out));
        faults.push(...spoken(speech));
        speech.pictures.forEach((each, frame) =>
          savePicture(out, `${name}-speech-${String(frame).padStart(2, '0')}.png`, each));
        found.lips = speech.rows.map((row) => [Math.round(row.time), Number(row.moved.toFixed(2))]);
      }
    } catch (error) {
      faults.push(String(error));
    }
    faults.push(...complaints.splice(0));
    failed += faults.length > 0;
    console.log(JSON.stringify({ file, faults, ...found }));
  }
} finally {
  await chromium.close();
  server.close();
}
process.exit(failed ? 1 : 0);
