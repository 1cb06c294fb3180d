// SPDX-License-Identifier: Apache-2.0
// A picture of a file in a viewer of the web, in headless Chromium: node in_browser.mjs PACKAGES CHROMIUM NAME FILE OUT.
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const [packages, chromium, name, file, out] = process.argv.slice(2);
const { chromium: launcher } = createRequire(path.join(packages, 'x.js'))('playwright-core');
const LONG = 240_000; // milliseconds: without a graphics card the processor draws
const here = path.dirname(fileURLToPath(import.meta.url));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' };
const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const wanted = pathname === '/page' ? path.join(here, 'in_browser.html')
    : pathname === '/file' ? file
    : path.join(packages, path.normalize(decodeURIComponent(pathname)));
  if (!fs.existsSync(wanted)) return response.writeHead(404).end();
  const type = types[path.extname(wanted)] ?? 'application/octet-stream';
  response.writeHead(200, { 'content-type': type }).end(fs.readFileSync(wanted));
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const browser = await launcher.launch({
  executablePath: chromium,
  args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist', '--disable-dev-shm-usage'],
});
try {
  const page = await browser.newPage({ viewport: { width: 720, height: 720 } });
  page.on('pageerror', (error) => console.error(String(error)));
  page.on('console', (line) => line.type() === 'error' && console.error(line.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/page?${name}`, { waitUntil: 'commit', timeout: LONG });
  await page.waitForFunction(() => document.title === 'shown', null, { timeout: LONG });
  await page.waitForTimeout(1500);
  await page.screenshot({ path: out, timeout: LONG });
} finally {
  await browser.close();
  server.close();
}
