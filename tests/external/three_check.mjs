// SPDX-License-Identifier: Apache-2.0
// Loads each GLB with three.js in headless Chromium, turns the head, and checks what moved.
// node tests/external/three_check.mjs [--out FOLDER] A.glb B.glb; one JSON line each, exit status 1 if one fails.
// With --out, NAME-rest.png and NAME-turned.png are written. CHROMIUM names the browser (default /usr/bin/chromium).
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
const given = process.argv.slice(2);
const flag = given.indexOf('--out');
const out = flag >= 0 ? given.splice(flag, 2)[1] : null;
if (out) fs.mkdirSync(out, { recursive: true });

const types = { '.html': 'text/html', '.js': 'text/javascript', '.glb': 'model/gltf-binary' };
const server = http.createServer((request, response) => {
  const [, kind, ...rest] = decodeURIComponent(new URL(request.url, 'http://localhost').pathname).split('/');
  const file =
    kind === 'page' ? path.join(here, 'three_page.html')
    : kind === 'three' ? path.join(here, 'node_modules', 'three', ...rest)
    : kind === 'glb' ? given[Number(rest[0])]
    : null;
  if (!file || !fs.existsSync(file)) return response.writeHead(404).end();
  const type = types[kind === 'page' ? '.html' : path.extname(file)] ?? 'application/octet-stream';
  response.writeHead(200, { 'content-type': type }).end(fs.readFileSync(file));
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const base = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist',
    '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--no-first-run',
  ],
});
let failed = 0;
try {
  for (const [number, file] of given.entries()) {
    const page = await browser.newPage({ viewport: { width: 640, height: 640 } });
    const complaints = [];
    page.on('console', (line) => {
      if (['error', 'warning'].includes(line.type()) && line.text().includes('THREE')) complaints.push(line.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${base}/page`);
    await page.waitForFunction(() => document.title === 'ready', null, { timeout: 60000 });
    const loaded = await page.evaluate((url) => window.load(url), `/glb/${number}`);
    const name = path.basename(file, '.glb');
    if (out) await page.screenshot({ path: path.join(out, `${name}-rest.png`) });
    const moved = await page.evaluate(() => window.turnHead(0.5));
    if (out) await page.screenshot({ path: path.join(out, `${name}-turned.png`) });
    const faults = [...complaints];
    if (loaded.meshes !== 1 || !loaded.skinned) faults.push(`expected one skinned mesh, got ${loaded.meshes}`);
    if (!loaded.image) faults.push('the material has no image');
    if (loaded.colourSpace !== 'srgb') faults.push(`the image is ${loaded.colourSpace}, not srgb`);
    if (!loaded.bones.includes('head') || !loaded.bones.includes('neck')) faults.push('no bones head and neck');
    if (!moved.topCount || moved.topMean < 0.02) faults.push(`the head moved only ${moved.topMean} m`);
    if (!moved.shoulderCount || moved.shoulders > 0.001) faults.push(`the shoulders moved ${moved.shoulders} m`);
    failed += faults.length > 0;
    console.log(JSON.stringify({ file, faults, loaded, moved }));
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
}
process.exit(failed ? 1 : 0);
