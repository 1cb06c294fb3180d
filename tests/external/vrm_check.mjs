// SPDX-License-Identifier: Apache-2.0
// Loads each .vrm with three-vrm in headless Chromium; has it make every face, look, lower its arms and let its hair swing.
// node tests/external/vrm_check.mjs [--out FOLDER] A.vrm B.vrm; one JSON line each, exit status 1 if one fails. With --out,
// pictures are written. CHROMIUM names the browser (default /usr/bin/chromium).
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { browser, option, savePicture, serve } from './browse.mjs';

const PRESETS = [
  'happy', 'angry', 'sad', 'relaxed', 'surprised', 'aa', 'ih', 'ou', 'ee', 'oh', 'blink', 'blinkLeft', 'blinkRight',
  'lookUp', 'lookDown', 'lookLeft', 'lookRight',
];
const BONES = [
  'hips', 'spine', 'chest', 'upperChest', 'neck', 'head', 'jaw', 'leftEye', 'rightEye',
  ...['left', 'right'].flatMap((side) => [
    ...['Shoulder', 'UpperArm', 'LowerArm', 'Hand', 'UpperLeg', 'LowerLeg', 'Foot', 'Toes'],
    ...['Metacarpal', 'Proximal', 'Distal'].map((bone) => `Thumb${bone}`),
    ...['Index', 'Middle', 'Ring', 'Little'].flatMap((finger) => ['Proximal', 'Intermediate', 'Distal'].map((bone) => finger + bone)),
  ].map((bone) => side + bone)),
];

const here = path.dirname(fileURLToPath(import.meta.url));
const given = process.argv.slice(2);
const out = option(given, '--out');
if (out) fs.mkdirSync(out, { recursive: true });
const modules = path.join(here, 'node_modules');
const server = await serve((kind, rest) =>
  kind === 'page' ? path.join(here, 'vrm_page.html')
  : kind === 'vrm' ? path.join(modules, '@pixiv', 'three-vrm', 'lib', ...rest)
  : kind === 'three' ? path.join(modules, 'three', ...rest)
  : kind === 'file' ? given[Number(rest[0])]
  : null);
const chromium = await browser();
let failed = 0;
try {
  const page = await chromium.newPage({ viewport: { width: 640, height: 480 } });
  const complaints = [];
  page.on('console', (line) => {
    if (['error', 'warning'].includes(line.type()) && /THREE|VRM/.test(line.text())) complaints.push(line.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${server.base}/page`);
  await page.waitForFunction(() => document.title === 'ready', null, { timeout: 60000 });
  for (const [number, file] of given.entries()) {
    const name = path.basename(file, '.vrm'), faults = [], found = {};
    const save = async (what) => out && savePicture(out, `${name}-${what}.png`, await page.evaluate(() => window.picture()));
    try {
      const shown = await page.evaluate((url) => window.show(url), `/file/${number}`);
      const lacking = BONES.filter((bone) => !shown.bones.includes(bone));
      if (lacking.length) faults.push(`it has no ${lacking.join(', ')}`);
      const { expressions, bones, ...rest } = shown;
      Object.assign(found, rest, { bones: bones.length, expressions: expressions.length });
      if (!shown.authors?.length || !shown.thumbnail) faults.push('it has no author or no thumbnail');
      if (expressions.length < PRESETS.length + 1 + 52) faults.push(`it has ${expressions.length} expressions`);
      await save('rest');
      const faces = (found.faces = await page.evaluate((names) => window.express(names), PRESETS));
      for (const [preset, moved] of Object.entries(faces.moved)) if (!(moved > 1)) faults.push(`${preset} moves ${moved} mm`);
      if (faces.back > 0.01) faults.push(`after all of them it is ${faces.back} mm from its rest`);
      const own = (found.own = await page.evaluate((names) => window.express(names), expressions.filter((each) => !PRESETS.includes(each) && each !== 'neutral')));
      for (const [custom, moved] of Object.entries(own.moved)) if (!(moved > 0.2)) faults.push(`${custom} moves ${moved} mm`);
      if (shown.look === 'bone') {
        const look = (found.look = await page.evaluate(() => window.look()));
        if (Math.abs(look.aside[0] - 14.9) > 2) faults.push(`at something 15 degrees aside an eye looks ${look.aside[0]} aside`);
        if (Math.abs(look.up[1] - 9.7) > 2) faults.push(`at something 10 degrees up an eye looks ${look.up[1]} up`);
        if (look.far[0] > 25.5) faults.push(`an eye turns ${look.far[0]} degrees`);
      }
      if (shown.look === 'expression') {
        const look = (found.look = await page.evaluate(() => window.lookByShapes()));
        for (const [way, [weight, moved]] of Object.entries(look)) {
          const wanted = ['aside', 'other'].includes(way) ? 14.9 / 25 : 9.74 / 20;
          if (Math.abs(weight - wanted) > 0.02 || moved < 1) faults.push(`at something ${way} its expression is at ${weight} and moves ${moved} mm`);
        }
      }
      const posed = (found.posed = await page.evaluate(() => window.pose()));
      await save('posed');
      if (posed.moved < 100) faults.push(`with its arms lowered it moved ${posed.moved} mm`);
      if (shown.springs && posed.swung < 0.2) faults.push(`its hair swung by ${posed.swung} degrees`);
      found.own = Math.min(...Object.values(own.moved));
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
