// Pages that go: closed, reloaded, kept by the browser for the way back, logged out.

import assert from 'node:assert/strict';
import test from 'node:test';
import { mint, World } from './world.js';

test('a page that closes says goodbye by beacon, with the newest token, and is silent', async () => {
  const world = new World();
  const tab = world.tab();
  await world.seconds(10);
  world.clear();
  tab.close();
  await world.seconds(600);
  assert.deepEqual(world.calls.map(({ what, by, token }) => ({ what, by, token })), [{ what: 'goodbye', by: 'beacon', token: tab.seat.token }]);
});

test('without beacons the goodbye is a fetch that outlives the page', async () => {
  const world = new World({ without: ['beacon'] });
  const tab = world.tab();
  await world.seconds(10);
  world.clear();
  tab.close();
  assert.deepEqual(world.calls.map(({ what, by }) => [what, by]), [['goodbye', 'keepalive']]);
});

test('a heartbeat on its way does not outlive the goodbye', async () => {
  const world = new World();
  const tab = world.tab();
  await world.pass(2);
  assert.equal(world.count('heartbeat'), 1);
  tab.leave();
  assert.ok(world.calls[0].aborted);
});

test('a reloaded page keeps the seat with the newest token, though it was rendered with an old one', async () => {
  const world = new World();
  const before = world.tab();
  await world.seconds(100);
  before.close();
  world.clear();
  const after = world.tab({ token: mint() });
  await world.seconds(10);
  assert.deepEqual(world.calls.map(call => call.what), ['heartbeat', 'heartbeat'], 'at once, and once more for a goodbye that was slower');
  assert.equal(world.calls[0].token, before.seat.token);
  assert.equal(after.heard('token')[0], before.seat.token);
});

test('a page rendered with a newer token than was kept uses its own', async () => {
  const world = new World();
  world.tab();
  await world.seconds(100);
  world.tabs[0].close();
  world.clear();
  const newer = mint({ iat: 5000 });
  world.tab({ token: newer });
  await world.seconds(1);
  assert.equal(world.calls[0].token, newer);
});

test('a page that comes back from the back/forward cache heartbeats at once', async () => {
  const world = new World();
  const tab = world.tab();
  await world.seconds(10);
  world.clear();
  tab.leave();
  await world.seconds(30);
  assert.deepEqual(world.calls.map(call => call.what), ['goodbye']);
  assert.equal(world.locks.held, null, 'a lock would keep the page out of that cache');
  assert.equal(world.channels.size, 0, 'and so would a channel');
  world.clear();
  tab.comeBack();
  await world.pass(10);
  assert.equal(world.calls[0].what, 'heartbeat');
  await world.seconds(90);
  assert.ok(world.count('heartbeat') >= 4);
  const other = world.tab();
  await world.seconds(100);
  assert.equal(tab.seat.token, other.seat.token, 'and hears of other tabs again');
  world.clear();
  tab.close();
  assert.equal(world.count('goodbye'), 1, 'and says goodbye again when it goes again');
});

test('a page from that cache learns what was decided meanwhile, without a call', async () => {
  const world = new World();
  const tab = world.tab();
  await world.seconds(10);
  tab.leave();
  const other = world.tab();
  world.respond = () => world.over('released', 'Support needed the seat.');
  await world.seconds(10);
  assert.equal(other.seat.state, 'lost');
  world.clear();
  tab.comeBack();
  await world.seconds(10);
  assert.equal(world.calls.length, 0);
  assert.deepEqual(tab.heard('lost').map(lost => lost.how), ['released']);
});

test('who logs out gives the seat back at once, and hears nothing more', async () => {
  const world = new World();
  const tab = world.tab();
  await world.seconds(10);
  world.clear();
  world.respond = () => ({ status: 200, body: { state: 'ended' } });
  const [ok] = await Promise.all([tab.seat.logOut(), world.seconds(1)]);
  assert.equal(ok, true);
  assert.equal(world.calls[0].by, 'keepalive', 'it outlives a page that goes on to the sign-in');
  tab.hide();
  tab.show();
  tab.close();
  await world.seconds(600);
  assert.deepEqual(world.calls.map(call => call.what), ['logout'], 'and no goodbye');
  assert.deepEqual(tab.heard('lost'), []);
  assert.equal(tab.seat.state, 'ended');
});

test('the other tabs hear that the user logged out, and are silent', async () => {
  const world = new World();
  const [tab, other] = [world.tab(), world.tab()];
  await world.seconds(10);
  world.clear();
  tab.seat.logOut();
  await world.seconds(1);
  assert.equal(other.seat.state, 'lost');
  await world.seconds(600);
  assert.deepEqual(world.calls.map(call => call.what), ['logout']);
  assert.deepEqual(other.heard('lost').map(({ how, detail }) => [how, detail]), [['logged_out', 'You logged out in another tab of this browser.']]);
});

test('logging out of what is over already succeeds, of a server that is away does not', async () => {
  for (const [respond, expected] of [[w => w.over('logged_out'), true], [() => 'unreachable', false]]) {
    const world = new World();
    const tab = world.tab();
    await world.seconds(10);
    world.respond = () => respond(world);
    const [ok] = await Promise.all([tab.seat.logOut(), world.seconds(1)]);
    assert.equal(ok, expected);
  }
});

test('goodbye by hand: once, and this page is done', async () => {
  const world = new World();
  const tab = world.tab();
  await world.seconds(10);
  world.clear();
  tab.seat.goodbye();
  assert.equal(tab.seat.state, 'ended');
  tab.hide();
  tab.show();
  tab.leave();
  tab.comeBack();
  tab.seat.goodbye();
  tab.close();
  await world.seconds(600);
  assert.deepEqual(world.calls.map(call => call.what), ['goodbye']);
});
