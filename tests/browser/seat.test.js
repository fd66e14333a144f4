// Two users, one licence, a real Chromium: closing the browser gives the seat back, reloading does not.
//
// The account's lease is 3 s and its grace 2 s, so a page heartbeats every second. Every figure is measured from the
// moment that the test acts; what is early fails like what is late.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { launch } from './chromium.js';
import { Clinic, GRACE, LEASE, pause, until } from './clinic.js';
import { start } from './server.js';
import { serve } from './vendor.js';

/** Seconds between two heartbeats. */
const HEARTBEAT = 1;
/** Seconds that a call, an attempt to log in and a busy machine may take together. */
const SLACK = 1;

let server, chrome, clinic, vendor;
before(async () => { server = await start(); chrome = await launch(); });
after(async () => { await chrome?.close(); await server?.stop(); });
beforeEach(async () => { clinic = await Clinic.open(server); vendor = await serve(clinic); });
afterEach(async () => {
  await Promise.all(chrome.browser.contexts().map(context => context.close()));
  vendor.stop();
});

/** A browser window of its own, with what it sends to the seat server. */
async function open(browser = chrome.browser) {
  const context = await browser.newContext();
  const sent = [];
  context.on('request', request => {
    const what = request.url().split('/v1/seat/')[1];
    if (what && request.method() === 'POST') sent.push(what);
  });
  return { context, sent };
}

/** A tab with the vendor's page, whose seat is live. */
async function tabOf(context, user) {
  const tab = await context.newPage();
  tab.on('pageerror', error => assert.fail(error));
  tab.on('console', message => message.type() === 'error' && !/status of 410/.test(message.text()) && assert.fail(message.text()));
  await tab.goto(vendor.page(user));
  await seatIs(tab, 'live');
  return tab;
}

const seatIs = (tab, state) => tab.waitForFunction(state => document.querySelector('#state').textContent === state, state, { polling: 20 });

async function sessionOf(tab) {
  const token = await tab.locator('meta[name=seat-token]').getAttribute('content');
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).session;
}

function between(seconds, least, most, what) {
  console.log(`# ${what}: ${seconds.toFixed(2)} s (${least} to ${most})`);
  assert.ok(seconds >= least && seconds <= most, `${what}: ${seconds} s, not within ${least} and ${most}`);
}

describe('the page goes', () => {
  test('the tab is closed: the next user gets in when the grace has passed, and not before', async () => {
    const { context } = await open();
    const tab = await tabOf(context, 'ana');
    assert.equal(await clinic.logIn('ben'), null);
    const closing = tab.close();
    const { after, refused } = await clinic.untilGranted('ben');
    await closing;
    between(after, GRACE, GRACE + SLACK, 'closed tab to the next grant');
    assert.ok(refused > 5);
    const { context: other } = await open();
    await tabOf(other, 'ben');
  });

  test('the page is left for another site: the same', async () => {
    const { context } = await open();
    const tab = await tabOf(context, 'ana');
    const leaving = tab.goto(vendor.elsewhere);
    const { after } = await clinic.untilGranted('ben');
    await leaving;
    between(after, GRACE, GRACE + SLACK, 'page left to the next grant');
  });

  test('the user logs out: the seat is free at once', async () => {
    const { context } = await open();
    const tab = await tabOf(context, 'ana'), other = await tabOf(context, 'ana');
    assert.equal(await clinic.logIn('ben'), null);
    const clicking = tab.click('#log-out');
    const { after } = await clinic.untilGranted('ben');
    between(after, 0, 0.5, 'click on Log out to the next grant');
    await clicking;
    await tab.waitForURL(/signed-out/);
    assert.equal(await other.locator('#lost').textContent(), 'You logged out in another tab of this browser.');
  });

  test('the browser process is killed: the lease covers it', async () => {
    const doomed = await launch();
    const { context } = await open(doomed.browser);
    await tabOf(context, 'ana');
    const killing = doomed.kill();
    const { after } = await clinic.untilGranted('ben');
    await killing;
    between(after, LEASE - HEARTBEAT - 0.5, LEASE + SLACK, 'kill -9 to the next grant');
  });

  test('the browser is closed with all its tabs: the grace covers it', async () => {
    const doomed = await launch();
    const { context } = await open(doomed.browser);
    await tabOf(context, 'ana');
    await tabOf(context, 'ana');
    const closing = doomed.close();
    const { after } = await clinic.untilGranted('ben');
    await closing;
    between(after, GRACE, LEASE + SLACK, 'closed browser to the next grant');
  });
});

describe('the page stays', () => {
  test('reloading keeps the seat, again and again', async () => {
    const { context, sent } = await open();
    const tab = await tabOf(context, 'ana');
    const session = await sessionOf(tab);
    const refused = clinic.refusedFor('ben', LEASE + GRACE + 2);
    for (let n = 0; n < 5; n++) {
      await tab.reload();
      await seatIs(tab, 'live');
      assert.equal(await sessionOf(tab), session);
    }
    await refused;
    assert.equal(sent.filter(what => what === 'goodbye').length, 5, 'each reload said goodbye');
    assert.equal(await clinic.state(session), 'live');
  });

  test('a page that was left and is gone back to keeps the seat', async () => {
    const { context } = await open();
    const tab = await tabOf(context, 'ana');
    const session = await sessionOf(tab);
    await tab.evaluate(() => { window.same = 'the page itself, not loaded again'; });
    await tab.goto(vendor.elsewhere);
    await pause(GRACE / 2); // A user reads the other page for a while, less than the grace.
    await tab.goBack();
    await seatIs(tab, 'live');
    assert.equal(await tab.evaluate(() => window.same), 'the page itself, not loaded again', 'the back/forward cache had it');
    await clinic.refusedFor('ben', LEASE + GRACE + 1);
    assert.equal(await clinic.state(session), 'live');
  });

  test('of two tabs one is closed: the other keeps the seat', async () => {
    const { context } = await open();
    const closed = await tabOf(context, 'ana'), stays = await tabOf(context, 'ana');
    const session = await sessionOf(stays);
    const refused = clinic.refusedFor('ben', LEASE + GRACE + 2);
    await closed.close();
    await refused;
    await seatIs(stays, 'live');
    assert.equal(await clinic.state(session), 'live');
  });

  test('three tabs send the heartbeats of one', async () => {
    const { context, sent } = await open();
    for (const _ of 'abc') await tabOf(context, 'ana');
    await pause(2 * HEARTBEAT); // They have settled.
    sent.length = 0;
    await pause(6 * HEARTBEAT);
    console.log(`# heartbeats of three tabs in ${6 * HEARTBEAT} s: ${sent.length}`);
    assert.ok(sent.length >= 5 && sent.length <= 7, `${sent.length} heartbeats`);
  });
});

describe('the machine sleeps', () => {
  /** A browser of its own that sleeps until the server has taken its user for gone. */
  async function asleep() {
    const laptop = await launch();
    const { context, sent } = await open(laptop.browser);
    const tab = await tabOf(context, 'ana');
    const session = await sessionOf(tab);
    laptop.sleep();
    await until(async () => await clinic.state(session) === 'dormant', 'the silent session is dormant');
    return { laptop, tab, session, sent };
  }

  test('nobody needed the seat: it is taken up again at once', async () => {
    const { laptop, tab, session } = await asleep();
    laptop.wake();
    const after = await until(async () => await clinic.state(session) === 'live', 'the session is live again');
    between(after, 0, SLACK, 'waking to a live seat');
    await seatIs(tab, 'live');
    assert.equal(await clinic.logIn('ben'), null);
    await laptop.close();
  });

  test('somebody needed it: the user is told why, and there is never another call', async () => {
    const { laptop, tab, session, sent } = await asleep();
    assert.ok(await clinic.logIn('ben'), 'a ghost keeps nobody out');
    laptop.wake();
    const woken = performance.now();
    await seatIs(tab, 'lost');
    between((performance.now() - woken) / 1000, 0, SLACK, 'waking to being told');
    assert.equal(await clinic.state(session), 'reclaimed');
    const told = await tab.locator('#lost').textContent();
    console.log(`# the user reads: ${told}`);
    assert.match(told, /\w+ \w+/);
    sent.length = 0;
    await tab.reload();
    await seatIs(tab, 'lost');
    await pause(3 * HEARTBEAT); // What must not happen would happen in this time.
    assert.deepEqual(sent, [], 'not even after a reload');
    await laptop.close();
  });

  test('the browser freezes the page, and thaws it', async () => {
    const { context } = await open();
    const tab = await tabOf(context, 'ana');
    const session = await sessionOf(tab);
    const devtools = await context.newCDPSession(tab);
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
    await until(async () => await clinic.state(session) === 'dormant', 'the frozen page is silent');
    await devtools.send('Page.setWebLifecycleState', { state: 'active' });
    const after = await until(async () => await clinic.state(session) === 'live', 'the session is live again');
    between(after, 0, SLACK, 'thawing to a live seat');
  });
});

describe('the server is away', () => {
  test('the page says so, goes on trying, and is live again', async () => {
    const { context } = await open();
    const tab = await context.newPage();
    await tab.goto(vendor.page('ana'));
    await seatIs(tab, 'live');
    await context.setOffline(true);
    await seatIs(tab, 'offline');
    await context.setOffline(false);
    const since = performance.now();
    await seatIs(tab, 'live');
    between((performance.now() - since) / 1000, 0, SLACK, 'back online to a live seat');
  });
});
