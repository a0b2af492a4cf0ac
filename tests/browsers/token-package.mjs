// Whether the installed package serves a page: extension and host as Chromium and Firefox find them, without being told.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';

const origin = new URL(process.argv[2]);
const folder = (name) => mkdtempSync(join(tmpdir(), `hoian-${name}-`));
const pages = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html>'));
await new Promise((listening) => pages.listen(Number(origin.port), origin.hostname, listening));

const ask = async (name, page) => {
  await page.goto(origin.href);
  const answer = await page.evaluate(() => {
    setInterval(() => postMessage({ hoian: 'token', id: '1', language: 'vi', command: 'status' }, location.origin), 500);
    return new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error('nobody answers')), 20_000);
      addEventListener('message', ({ data }) => (data?.result || data?.refusal) && resolve(data));
    });
  });
  assert.match(answer.result?.version ?? JSON.stringify(answer), /^\d+\.\d+\.\d+$/);
  console.log(`${name}: host ${answer.result.version}`);
};

const context = await chromium.launchPersistentContext(folder('chromium'), {
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
  ignoreDefaultArgs: ['--disable-extensions'],
});
await ask('Chromium', await context.newPage());
await context.close();

const firefox = await puppeteer.launch({
  browser: 'firefox',
  executablePath: '/usr/bin/firefox-esr',
  headless: true,
  env: { ...process.env, HOME: folder('firefox') },
  // As Debian's Firefox has them; the driver's own switch the system's extensions off.
  extraPrefsFirefox: { 'extensions.autoDisableScopes': 3, 'extensions.enabledScopes': 15 },
});
await ask('Firefox', await firefox.newPage());
await firefox.close();
pages.close();
