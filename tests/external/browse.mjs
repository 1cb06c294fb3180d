// SPDX-License-Identifier: Apache-2.0
// What the checks in a browser share: a server of a few places on disk, and headless Chromium with software graphics.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { chromium } from 'playwright-core';

const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' };

// `place(kind, rest)` is the file that /kind/rest... stands for, or null.
export async function serve(place) {
  const server = http.createServer((request, response) => {
    const [, kind, ...rest] = decodeURIComponent(new URL(request.url, 'http://localhost').pathname).split('/');
    const file = place(kind, rest);
    if (!file || !fs.existsSync(file)) return response.writeHead(404).end();
    const type = types[path.extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type }).end(fs.readFileSync(file));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { base: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

export const browser = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist',
    '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--no-first-run', '--autoplay-policy=no-user-gesture-required',
  ],
});

// The value of an option, which is taken out of `given`; null where it is not there.
export function option(given, name, hasValue = true) {
  const at = given.indexOf(name);
  if (at < 0) return null;
  const [, value] = given.splice(at, hasValue ? 2 : 1);
  return hasValue ? value : true;
}

export const savePicture = (folder, name, url) =>
  fs.writeFileSync(path.join(folder, name), Buffer.from(url.split(',')[1], 'base64'));
