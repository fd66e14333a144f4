// Two users, one licence, a real Chromium: closing the browser gives the seat back, reloading does not.
//
// The account's lease is 5 s and its grace 2 s, so a page heartbeats every second. Every figure is measured from the
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

let server, chrome, clinic, vendor, sent;
before(async () => { server = await start(); });
after(() => server?.stop());
beforeEach(async () => {
  clinic = await Clinic.open(server);
  vendor = await serve(clinic);
  chrome = await launch();
  sent = []; // What the pages of the browser's own window send to the seat server.
  chrome.context.on('request', request => {
    const what = request.url().split('/v1/seat/')[1];
    if (what) sent.push(what);
  });
});
afterEach(async () => {
  await chrome.close();
  vendor.stop();
});

/** A new tab, in front, with the vendor's page, whose seat is live. */
async function tabOf(user, context = chrome.context) {
  const tab = await context.newPage();
  tab.on('pageerror', error => assert.fail(error));
  tab.on('console', message => message.type() === 'error' && /security policy/i.test(message.text()) && assert.fail(message.text()));
  await tab.goto(vendor.page(user));
  await seatIs(tab, 'live');
  return tab;
}

const seatIs = (tab, state) =>
  tab.waitForFunction(state => document.querySelector('#state').textContent === state, state, { polling: 20, timeout: 10000 });

async function sessionOf(tab) {
  const token = await tab.locator('meta[name=seat-token]').getAttribute('content');
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).session;
}

/** Says a figure, and fails if it is out of its bounds. */
function between(seconds, least, most, what) {
  console.log(`${what}: ${seconds.toFixed(2)} s (${least} to ${most})`);
  assert.ok(seconds >= least && seconds <= most, `${what}: ${seconds} s, not within ${least} and ${most}`);
}

describe('the page goes', () => {
  test('the tab is closed: the next user gets in when the grace has passed, and not before', async () => {
    const tab = await tabOf('ana');
    assert.equal(await clinic.logIn('ben'), null);
    const closing = tab.close();
    const { after, refused } = await clinic.untilGranted('ben');
    await closing;
    between(after, GRACE, GRACE + SLACK, 'closed tab to the next grant');
    assert.ok(refused > 5, 'and asked all the time');
    await tabOf('ben', await chrome.browser.newContext());
  });

  test('all tabs are closed together: the same', async () => {
    const tabs = [await tabOf('ana'), await tabOf('ana')];
    const closing = Promise.all(tabs.map(tab => tab.close()));
    const { after } = await clinic.untilGranted('ben');
    await closing;
    between(after, GRACE, GRACE + SLACK, 'closed tabs to the next grant');
  });

  test('the page is left for another site: the same', async () => {
    const tab = await tabOf('ana');
    const leaving = tab.goto(vendor.elsewhere);
    const { after } = await clinic.untilGranted('ben');
    await leaving;
    between(after, GRACE, GRACE + SLACK, 'page left to the next grant');
  });

  test('the user logs out: the seat is free at once, and the other tab says why', async () => {
    const [other, tab] = [await tabOf('ana'), await tabOf('ana')];
    assert.equal(await clinic.logIn('ben'), null);
    const clicking = tab.click('#log-out');
    const { after } = await clinic.untilGranted('ben');
    between(after, 0, SLACK, 'click on Log out to the next grant');
    await clicking;
    await tab.waitForURL(/signed-out/);
    assert.equal(await other.locator('#lost').textContent(), 'You logged out in another tab of this browser.');
  });

  test('the browser is told to quit: the lease covers what the grace does not', async () => {
    await tabOf('ana');
    chrome.quit();
    const { after } = await clinic.untilGranted('ben');
    between(after, LEASE - HEARTBEAT - 0.5, LEASE + SLACK, 'quit browser to the next grant');
  });

  test('the browser is killed: the lease covers it', async () => {
    await tabOf('ana');
    chrome.kill();
    const { after } = await clinic.untilGranted('ben');
    between(after, LEASE - HEARTBEAT - 0.5, LEASE + SLACK, 'kill -9 to the next grant');
  });

  test('the page is hidden for longer than the lease: the seat is kept until somebody needs it', async () => {
    const tab = await tabOf('ana');
    const session = await sessionOf(tab);
    const [blank] = chrome.context.pages();
    await blank.bringToFront();
    const silent = await until(async () => await clinic.state(session) === 'dormant', 'the hidden page is silent');
    between(silent, LEASE - HEARTBEAT - 0.5, LEASE + HEARTBEAT + 2 * SLACK, 'hidden page to a dormant seat');
    const seen = performance.now();
    await tab.bringToFront();
    await until(async () => await clinic.state(session) === 'live', 'the session is live again');
    between((performance.now() - seen) / 1000, 0, SLACK, 'seen again to a live seat');
    assert.equal(await clinic.logIn('ben'), null);
  });
});

describe('the page stays', () => {
  test('reloading keeps the seat, again and again', async () => {
    const tab = await tabOf('ana');
    const session = await sessionOf(tab);
    const refused = clinic.refusedFor('ben', LEASE + GRACE + 2);
    for (let n = 0; n < 5; n++) {
      await tab.reload();
      await seatIs(tab, 'live');
      assert.equal(await sessionOf(tab), session);
    }
    await refused;
    assert.equal(await clinic.state(session), 'live');
  });

  test('a page that was left and is gone back to keeps the seat', async () => {
    const tab = await tabOf('ana');
    const session = await sessionOf(tab);
    await tab.evaluate(() => { window.same = 'not loaded again'; });
    await tab.goto(vendor.elsewhere);
    await pause(GRACE / 2); // A user reads the other page for a while, less than the grace.
    await tab.goBack({ waitUntil: 'commit' });
    await seatIs(tab, 'live');
    assert.equal(await tab.evaluate(() => window.same), 'not loaded again', 'the back/forward cache kept it');
    await clinic.refusedFor('ben', LEASE + GRACE + 1);
    assert.equal(await clinic.state(session), 'live');
  });

  test('of two tabs the one in front is closed: the other keeps the seat', async () => {
    const [stays, closed] = [await tabOf('ana'), await tabOf('ana')];
    const session = await sessionOf(stays);
    const refused = clinic.refusedFor('ben', LEASE + GRACE + 2);
    await closed.close();
    await stays.bringToFront();
    await refused;
    await seatIs(stays, 'live');
    assert.equal(await clinic.state(session), 'live');
  });

  test('of two tabs the one behind is closed: the other keeps the seat', async () => {
    const [closed, stays] = [await tabOf('ana'), await tabOf('ana')];
    const session = await sessionOf(stays);
    const refused = clinic.refusedFor('ben', LEASE + GRACE + 2);
    await closed.close();
    await refused;
    await seatIs(stays, 'live');
    assert.equal(await clinic.state(session), 'live');
  });

  test('a hidden tab undoes the goodbye of the last one in sight: the lease goes on from there', async () => {
    const [hidden, closed] = [await tabOf('ana'), await tabOf('ana')];
    const session = await sessionOf(hidden);
    const [blank] = chrome.context.pages();
    await blank.bringToFront();
    await closed.close();
    const silent = await until(async () => await clinic.state(session) === 'dormant', 'the hidden page is silent');
    between(silent, LEASE - 0.5, LEASE + HEARTBEAT + 2 * SLACK, 'last tab in sight closed to a dormant seat');
  });

  test('three tabs in three windows send the heartbeats of one', async () => {
    const first = await tabOf('ana');
    for (const _ of 'ab') {
      const opened = chrome.context.waitForEvent('page');
      await first.evaluate(() => { window.open(location.href, '', 'popup,width=300,height=300'); });
      await seatIs(await opened, 'live');
    }
    const seen = await Promise.all(chrome.context.pages().slice(1).map(tab => tab.evaluate(() => document.visibilityState)));
    assert.deepEqual(seen, ['visible', 'visible', 'visible']);
    await pause(2 * HEARTBEAT); // They settle.
    sent.length = 0;
    await pause(6 * HEARTBEAT);
    console.log(`heartbeats of three tabs in ${6 * HEARTBEAT} s: ${sent.length}`);
    assert.ok(sent.length >= 5 && sent.length <= 7, `${sent.length} heartbeats`);
  });
});

describe('somebody asks for the seat', () => {
  /** Seconds that a holder has to answer: the least that a policy may say. */
  const TIME = 10;
  const askedIn = tab => tab.waitForFunction(() => document.querySelector('#asked').open, null, { polling: 20, timeout: 5000 });

  test('the holder consents: the seat is the asker\'s at once, and the holder is told why', async () => {
    await clinic.allowHandOvers(TIME);
    const [other, tab] = [await tabOf('ana'), await tabOf('ana')];
    const session = await sessionOf(tab);
    const begun = performance.now();
    const { attempt, of } = await clinic.ask('ben');
    assert.equal(of, 'ana');
    await askedIn(tab);
    between((performance.now() - begun) / 1000, 0, HEARTBEAT + SLACK, 'asked to the question on the page');
    assert.equal(await tab.locator('#by').textContent(), 'ben');
    await clinic.refusedFor('cid', 1); // Nobody in between.
    const clicking = tab.click('#asked [value=yes]');
    const { after } = await clinic.untilGranted('ben', attempt);
    between(after, 0, SLACK, 'click on Yes to the grant');
    await clicking;
    for (const each of [tab, other]) {
      await seatIs(each, 'lost');
      assert.match(await each.locator('#lost').textContent(), /handed over to a colleague who asked for it/);
    }
    assert.equal(await clinic.state(session), 'handed_over');
    await tabOf('ben', await chrome.browser.newContext());
  });

  test('the holder declines: the seat is kept, and the asker is told', async () => {
    await clinic.allowHandOvers(TIME);
    const tab = await tabOf('ana');
    const session = await sessionOf(tab);
    const { attempt } = await clinic.ask('ben');
    await askedIn(tab);
    await tab.click('#asked [value=no]');
    await until(async () => await clinic.asked('ben', attempt) === 'declined', 'ben is told');
    await tab.waitForFunction(() => !document.querySelector('#asked').open, null, { polling: 20, timeout: 5000 });
    await clinic.refusedFor('cid', TIME + 1);
    assert.equal(await clinic.state(session), 'live');
  });

  test('the holder says nothing: the seat goes when the time is over, not before, and the page says why', async () => {
    await clinic.allowHandOvers(TIME);
    const tab = await tabOf('ana');
    const begun = performance.now();
    const { attempt } = await clinic.ask('ben');
    await askedIn(tab);
    await tab.mouse.move(10, 10); // Being there is no answer.
    await clinic.untilGranted('ben', attempt);
    between((performance.now() - begun) / 1000, TIME, TIME + SLACK, 'asked to the grant without an answer');
    await seatIs(tab, 'lost');
    assert.match(await tab.locator('#lost').textContent(), /a colleague asked for it, and nobody answered in time/);
    assert.equal(await tab.evaluate(() => document.querySelector('#asked').open), false);
  });
});

describe('the machine sleeps', () => {
  /** Ana's page in a machine that sleeps until the server has taken her for gone. */
  async function asleep() {
    const tab = await tabOf('ana');
    const session = await sessionOf(tab);
    chrome.sleep();
    await until(async () => await clinic.state(session) === 'dormant', 'the silent session is dormant');
    return { tab, session };
  }

  test('nobody needed the seat: it is taken up again at once', async () => {
    const { tab, session } = await asleep();
    chrome.wake();
    const after = await until(async () => await clinic.state(session) === 'live', 'the session is live again');
    between(after, 0, SLACK, 'waking to a live seat');
    await seatIs(tab, 'live');
    assert.equal(await clinic.logIn('ben'), null);
  });

  test('somebody needed it: the user is told why, and there is never another call', async () => {
    const { tab, session } = await asleep();
    assert.ok(await clinic.logIn('ben'), 'a ghost keeps nobody out');
    chrome.wake();
    const woken = performance.now();
    await seatIs(tab, 'lost');
    between((performance.now() - woken) / 1000, 0, SLACK, 'waking to being told');
    assert.equal(await clinic.state(session), 'reclaimed');
    const told = await tab.locator('#lost').textContent();
    console.log(`what the user reads: ${told}`);
    assert.match(told, /\w+ \w+ \w+/);
    sent.length = 0;
    await tab.reload();
    await seatIs(tab, 'lost');
    await pause(3 * HEARTBEAT); // What must not happen would happen in this time.
    assert.deepEqual(sent, [], 'not even after a reload');
  });

  test('the browser freezes the hidden page, and thaws it: the same', async () => {
    const tab = await tabOf('ana');
    const session = await sessionOf(tab);
    const [blank] = chrome.context.pages();
    const devtools = await chrome.context.newCDPSession(tab);
    await blank.bringToFront(); // Only hidden pages are frozen.
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
    await until(async () => await clinic.state(session) === 'dormant', 'the frozen page is silent');
    const thawed = performance.now();
    await devtools.send('Page.setWebLifecycleState', { state: 'active' });
    await tab.bringToFront();
    await until(async () => await clinic.state(session) === 'live', 'the session is live again');
    between((performance.now() - thawed) / 1000, 0, SLACK, 'thawing to a live seat');
  });
});

describe('the server is away', () => {
  test('the page says so, goes on trying, and is live again', async () => {
    const tab = await tabOf('ana');
    await chrome.context.setOffline(true);
    await seatIs(tab, 'offline');
    await chrome.context.setOffline(false);
    const since = performance.now();
    await seatIs(tab, 'live');
    between((performance.now() - since) / 1000, 0, SLACK, 'back online to a live seat');
  });
});
