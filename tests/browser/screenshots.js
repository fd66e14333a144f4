// Pictures of pages, light and dark, wide and as a phone shows them.
//
//   node screenshots.js URL OUTDIR NAME=PATH...
//
// SIGN_IN_TOKEN signs in to the desk first; without it the pages are taken as they are. Each path gives
// NAME-light.png, NAME-dark.png, NAME-phone-light.png and NAME-phone-dark.png.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './chromium.js';

const VIEWS = [
  { suffix: '', viewport: { width: 1200, height: 800 } },
  { suffix: '-phone', viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
];

const [url, folder, ...pictures] = process.argv.slice(2);
if (pictures.length === 0) {
  console.error('node screenshots.js URL OUTDIR NAME=PATH...   (SIGN_IN_TOKEN in the environment)');
  process.exit(2);
}

async function signIn(context, token) {
  const page = await context.newPage();
  await page.goto(new URL('/desk', url).href);
  await page.locator('input[name=token]').fill(token);
  await page.locator('input[name=token]').press('Enter');
  await page.waitForFunction(() => !document.querySelector('input[name=token]'), null, { timeout: 10000 })
    .catch(() => { throw new Error(`${url}: SIGN_IN_TOKEN does not sign in`); });
  await page.close();
}

/** Takes one picture, and says what would spoil the page for its reader. */
async function take(context, path, file) {
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', error => wrong.push(error.message));
  page.on('console', message => message.type() === 'error' && wrong.push(message.text()));
  const response = await page.goto(new URL(path, url).href, { waitUntil: 'load' });
  if (!response.ok()) wrong.push(`status ${response.status()}`);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (beyond > 0) wrong.push(`${beyond} px wider than the window`);
  await page.screenshot({ path: file, fullPage: true, animations: 'disabled', caret: 'hide' });
  await page.close();
  console.log([file, ...wrong].join(': '));
  return wrong.length === 0;
}

await mkdir(folder, { recursive: true });
const chrome = await launch();
let good = true;
for (const { suffix, ...view } of VIEWS) {
  for (const colorScheme of ['light', 'dark']) {
    const context = await chrome.browser.newContext({ ...view, colorScheme, deviceScaleFactor: 1, reducedMotion: 'reduce' });
    if (process.env.SIGN_IN_TOKEN) await signIn(context, process.env.SIGN_IN_TOKEN);
    for (const picture of pictures) {
      const [name] = picture.split('=', 1), path = picture.slice(name.length + 1);
      good = await take(context, path, join(folder, `${name}${suffix}-${colorScheme}.png`)) && good;
    }
    await context.close();
  }
}
await chrome.close();
process.exit(good ? 0 : 1);
