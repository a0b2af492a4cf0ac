// What every scene is held to: screenshots at both sizes, axe, targets of 44 px; and waiting for what a page shows.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import axe from 'axe-core';

export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** Screenshots at both sizes, each judged by axe. */
export async function show(chromium, folder, name) {
  for (const [size, suffix] of [
    [PHONE, 'phone'],
    [DESK, 'desk'],
  ]) {
    await chromium.resize(size);
    await chromium.evaluate(() => new Promise((resolve) => setTimeout(resolve, 400)));
    await chromium.picture(join(folder, `${name}-${suffix}.png`));
    await judge(chromium, `${name}-${suffix}`);
  }
}

export async function judge(chromium, name) {
  await chromium.run(axe.source);
  const { violations } = await chromium.evaluate(() =>
    axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  );
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
  assert.deepEqual(found, [], `axe on ${name}`);
  const small = await chromium.evaluate(() => {
    const sizes = [...document.querySelectorAll('button, a[href], select, input')]
      .filter((element) => element.checkVisibility() && !element.closest('.vh, .skip') && !['checkbox', 'radio'].includes(element.type))
      .map((element) => [element.textContent.trim() || element.ariaLabel, element.getBoundingClientRect()]);
    return sizes.filter(([, box]) => box.width < 43.5 || box.height < 43.5).map(([text, box]) => `${text} ${box.width}x${box.height}`);
  });
  assert.deepEqual(small, [], `targets under 44 px on ${name}`);
}

/** Logs somebody in, with their one-time code where their role asks for one. */
export async function logIn(browser, { origin, password }, user, code = null) {
  await browser.go(`${origin}/dang-nhap`);
  await browser.fill('input[autocomplete=username]', user);
  await browser.fill('input[type=password]', password);
  await browser.press('Enter');
  if (code) {
    await browser.wait('input[autocomplete=one-time-code]');
    await browser.fill('input[autocomplete=one-time-code]', code);
    await browser.press('Enter');
  }
  await browser.wait('.places');
}

/** Comes through a meeting's door, past the checks of camera and microphone; `atDoor` looks at it before. */
export async function enterRoom(browser, link, name, atDoor = async () => {}) {
  await browser.go(link);
  await browser.wait('.checks');
  await until(browser, 'own picture', () => document.querySelector('.tile video')?.videoWidth > 0);
  if (name) await browser.fill('form .input', name);
  await atDoor();
  await browser.click('Vào phòng họp');
  await browser.wait('.controls');
}

/** Waits until `condition`, run in the page, holds. */
export async function until(browser, what, condition, argument = null) {
  const end = Date.now() + 60_000;
  for (;;) {
    const holds = await browser.evaluate(condition, argument).catch((error) => error);
    if (holds === true) return;
    if (Date.now() > end) throw new Error(`${browser.name}: waited in vain for ${what} (${holds})`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Frames and samples of the other are decoded, the sound has energy, and the pixels of the picture change; what came so far. */
export async function hearsAndSees(browser) {
  await until(browser, 'the other on screen', () => pictureOf() !== null && pictureOf().videoWidth > 0);
  const first = await browser.evaluate(() => received());
  const before = await browser.evaluate(() => pixels());
  await until(
    browser,
    'frames and sound decoded',
    async (first) => {
      const now = await received();
      return now.frames > first.frames + 10 && now.packets > first.packets + 25 && now.energy > first.energy;
    },
    first,
  );
  await until(browser, 'pixels that change', (before) => differs(pixels(), before) > 20, before);
  return browser.evaluate(() => received());
}

/** A step of the interface behind the pages, by whoever is logged in there, for what has pages and tests of its own. */
export function ask(browser, path, body) {
  return browser.evaluate(
    async ([path, body]) => {
      const init = body && { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      const answer = await fetch(`/api/v1${path}`, init ?? {});
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.status === 204 ? null : answer.json();
    },
    [path, body ?? null],
  );
}
