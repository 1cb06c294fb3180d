// SPDX-License-Identifier: Apache-2.0
// Opens a batch's index.html from disk in headless Chromium, without network: filters, sorts, opens an avatar in 3D, turns it.
// node tests/external/page_check.mjs INDEX.html [--out FOLDER]; one JSON line, exit status 1 if something is wrong.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const given = process.argv.slice(2);
const flag = given.indexOf('--out');
const out = flag >= 0 ? given.splice(flag, 2)[1] : null;
if (out) fs.mkdirSync(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist',
    '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--no-first-run',
  ],
});
const faults = [];
const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
page.on('pageerror', (error) => faults.push(String(error)));
page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
page.on('request', (request) => /^https?:/.test(request.url()) && faults.push('asks the network for ' + request.url()));
await page.goto(pathToFileURL(path.resolve(given[0])).href);
const shot = async (name) => out && page.screenshot({ path: path.join(out, name + '.png') });
await page.waitForTimeout(500);
await shot('page');
const cards = await page.locator('.card').count();
const loaded = await page.locator('.card img').evaluateAll((all) => all.filter((i) => i.complete && i.naturalWidth).length);
await page.selectOption('#sort', 'bytes');
const largest = await page.locator('.card b').first().textContent();
const word = (await page.locator('.card b').last().textContent()).trim();
await page.fill('#find', word);
const found = await page.locator('.card').count();
await page.fill('#find', '');
await page.locator('.card', { has: page.locator('img') }).first().click();
await page.waitForFunction(() => document.getElementById('hint').textContent.startsWith('drag'), null, { timeout: 15000 }).catch(() => faults.push('no 3D view'));
const look = () => page.locator('#view').screenshot();
const before = await look();
await shot('view');
const box = await page.locator('#view').boundingBox();
await page.mouse.move(box.x + 200, box.y + 200);
await page.mouse.down();
await page.mouse.move(box.x + 330, box.y + 210, { steps: 4 });
await page.mouse.up();
const turned = !before.equals(await look());
await shot('turned');
console.log(JSON.stringify({ cards, loaded, largest, found, turned, faults }));
await browser.close();
process.exit(faults.length || !cards || !turned || found < 1 ? 1 : 0);
