// One tab: when it heartbeats, and with what.

import assert from 'node:assert/strict';
import test from 'node:test';
import { mint, World } from './world.js';

test('a page heartbeats at once, once more shortly after, then as often as the server says', async () => {
  const world = new World({ heartbeatAfter: 40 });
  world.tab();
  await world.seconds(100);
  const at = world.calls.map(call => Math.round(call.at / 1000));
  assert.deepEqual(at, [0, 5, 45, 85]);
  assert.ok(world.calls.every(call => call.what === 'heartbeat' && call.credentials === 'omit'));
});

test('a server that says nothing of the cadence is asked once a minute', async () => {
  const world = new World({ heartbeatAfter: null });
  world.tab();
  await world.seconds(10);
  world.clear();
  await world.seconds(120);
  assert.equal(world.count('heartbeat'), 2);
});

test('calls go to the server that was named', async () => {
  const world = new World();
  world.tab({ server: 'https://seats.example' });
  await world.seconds(1);
  assert.equal(world.calls[0].url, 'https://seats.example/v1/seat/heartbeat');
});

test('a heartbeat says whether the user did something since the last', async () => {
  const world = new World({ heartbeatAfter: 10 });
  const tab = world.tab();
  await world.seconds(6);
  tab.type();
  await world.seconds(30);
  assert.deepEqual(world.calls.map(call => call.active), [false, false, true, false, false]);
});

test('activity that a failed heartbeat carried is said again', async () => {
  const world = new World({ heartbeatAfter: 10 });
  const tab = world.tab();
  await world.seconds(6);
  tab.type();
  world.respond = () => 'unreachable';
  await world.seconds(9.5);
  world.respond = () => world.live();
  await world.seconds(2);
  assert.deepEqual(world.calls.slice(2).map(call => call.active), [true, true]);
});

test('who comes back to a dormant seat and does something is live at once', async () => {
  const world = new World();
  const tab = world.tab();
  world.respond = () => world.live({ state: 'dormant' });
  await world.seconds(10);
  world.clear();
  world.respond = () => world.live();
  tab.type();
  await world.seconds(1);
  assert.deepEqual(world.calls.map(call => call.active), [true]);
  tab.type();
  await world.seconds(1);
  assert.equal(world.count('heartbeat'), 1, 'a live seat waits for its next heartbeat');
  assert.deepEqual(tab.heard('state'), ['dormant', 'live']);
});

test('a hidden page is silent, and heartbeats at once when it is seen again', async () => {
  const world = new World();
  const tab = world.tab();
  await world.seconds(10);
  tab.hide();
  world.clear();
  await world.seconds(600);
  assert.equal(world.calls.length, 0);
  tab.show();
  await world.seconds(1);
  assert.equal(world.count('heartbeat'), 1);
});

test('a hidden page goes on as idle if it was told to', async () => {
  const world = new World({ heartbeatAfter: 40 });
  const tab = world.tab({ whenHidden: 'idle' });
  await world.seconds(10);
  tab.hide();
  world.clear();
  await world.seconds(120);
  assert.deepEqual(world.calls.map(call => call.active), [false, false, false]);
});

test('a page opened in the background takes its seat up, then is silent', async () => {
  const world = new World();
  world.tab({ hidden: true });
  await world.seconds(600);
  assert.equal(world.count('heartbeat'), 2);
  assert.equal(world.locks.held, null, 'and leaves the lead to others');
});

test('the newest token is told, sent, and never replaced by an older one', async () => {
  const world = new World({ heartbeatAfter: 10 });
  const tab = world.tab();
  await world.seconds(6);
  const newest = tab.seat.token;
  assert.equal(newest, tab.heard('token').at(-1));
  world.respond = () => world.live({ token: mint({ iat: 0 }) });
  await world.seconds(10);
  assert.equal(world.calls[2].token, newest);
  assert.equal(tab.seat.token, newest);
});

for (const seconds of [60, 8 * 3600]) {
  test(`after a sleep of ${seconds} s the page heartbeats when the machine wakes`, async () => {
    const world = new World({ heartbeatAfter: 300 });
    world.tab();
    await world.seconds(10);
    world.clear();
    world.slept += seconds * 1000;
    await world.seconds(5);
    assert.equal(world.count('heartbeat'), 1);
  });
}

test('a page that is seen again while a heartbeat is on its way is not offline', async () => {
  const world = new World();
  const tab = world.tab();
  await world.pass(3);
  tab.hide();
  tab.show();
  await world.seconds(30);
  assert.ok(world.calls[0].aborted);
  assert.deepEqual(tab.heard('state'), ['live']);
});

test('a wall clock set back changes nothing', async () => {
  const world = new World({ heartbeatAfter: 40 });
  world.tab();
  await world.seconds(10);
  world.clear();
  world.slept -= 365 * 86400 * 1000;
  await world.seconds(80);
  assert.equal(world.count('heartbeat'), 2);
});

test('a page that was frozen heartbeats when it thaws', async () => {
  const world = new World({ heartbeatAfter: 300 });
  const tab = world.tab();
  await world.seconds(10);
  world.clear();
  tab.freeze();
  await world.seconds(100);
  assert.equal(world.calls.length, 0);
  tab.thaw();
  await world.pass(1);
  assert.equal(world.count('heartbeat'), 1);
});

test('somebody asks for the seat: each asking is told once, and that it is over', async () => {
  const world = new World({ heartbeatAfter: 10 });
  const tab = world.tab();
  const asked_for = { by: 'Ana', until: '2026-11-22T09:00:00Z', handover: 17 };
  world.respond = () => world.live({ asked_for });
  await world.seconds(30);
  assert.deepEqual(tab.heard('asked'), [asked_for]);
  world.respond = call => call.what === 'hand-over' ? { status: 200, body: {} } : world.live();
  assert.equal(await Promise.all([tab.seat.answer(17, false), world.seconds(1)]).then(([ok]) => ok), true);
  const { handover, consent } = world.calls.find(call => call.what === 'hand-over');
  assert.deepEqual({ handover, consent }, { handover: 17, consent: false });
  assert.deepEqual(tab.heard('asked'), [asked_for, null]);
});

test('a callback that throws does not stop the heartbeats', async () => {
  const world = new World({ heartbeatAfter: 10 });
  const tab = world.tab({ throws: true });
  await world.seconds(40);
  assert.ok(tab.errors.length > 0, 'the page hears of its own errors');
  assert.equal(world.count('heartbeat'), 5);
});

test('what is no token is refused in words', () => {
  assert.throws(() => new World().tab({ token: 'abc' }), /not a seat token: abc/);
});
