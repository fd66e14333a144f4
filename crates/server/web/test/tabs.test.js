// Several tabs of one session, with every way of hearing of each other, and without.

import assert from 'node:assert/strict';
import test from 'node:test';
import { mint, World } from './world.js';

/** Runs a test with all the browser has, and with parts of it missing. */
function everywhere(name, run, ways = [[], ['locks'], ['channel'], ['locks', 'channel']]) {
  for (const without of ways) {
    test(`${name}${without.length ? ` (without ${without.join(' and ')})` : ''}`, () => run(without));
  }
}

everywhere('three visible tabs send the heartbeats of one', async without => {
  const world = new World({ heartbeatAfter: 40, without });
  for (const _ of 'abc') {
    world.tab();
    await world.seconds(10);
  }
  await world.seconds(40);
  world.clear();
  await world.seconds(400);
  assert.ok([9, 10].includes(world.count('heartbeat')), `${world.count('heartbeat')} heartbeats`);
});

everywhere('every tab gets each new token', async without => {
  const world = new World({ without });
  const tabs = [world.tab(), world.tab()];
  await world.seconds(100);
  assert.equal(tabs[0].seat.token, tabs[1].seat.token);
  assert.notEqual(tabs[0].seat.token, mint());
  assert.deepEqual(tabs.map(tab => tab.seat.state), ['live', 'live']);
});

everywhere('what the user does in any tab counts', async without => {
  const world = new World({ heartbeatAfter: 40, without });
  const [first, second] = [world.tab(), world.tab()];
  await world.seconds(20);
  for (const tab of [first, second]) {
    world.clear();
    tab.type();
    await world.seconds(42);
    assert.deepEqual(world.calls.map(call => call.active), [true]);
    world.clear();
    await world.seconds(40);
    assert.deepEqual(world.calls.map(call => call.active), [false], 'and only once');
  }
});

everywhere('when one tab goes, the other heartbeats at once, and again', async without => {
  const world = new World({ heartbeatAfter: 40, without });
  const stays = world.tab();
  for (const seconds of [20, 30]) {
    const goes = world.tab();
    await world.seconds(seconds);
    world.clear();
    goes.close();
    await world.seconds(1);
    assert.equal(world.calls[0].what, 'goodbye');
    assert.deepEqual(world.calls.slice(1).map(call => [call.what, call.tab === stays]), [['heartbeat', true]]);
    world.clear();
    await world.seconds(6);
    assert.equal(world.count('heartbeat'), 1, 'a goodbye that came late is undone');
  }
});

test('a hidden tab, too, undoes the goodbye of another, and is silent again', async () => {
  const world = new World();
  const [hidden, goes] = [world.tab({ hidden: true }), world.tab()];
  await world.seconds(20);
  world.clear();
  goes.close();
  await world.seconds(600);
  assert.deepEqual(world.calls.map(call => [call.what, call.tab === hidden]), [['goodbye', false], ['heartbeat', true], ['heartbeat', true]]);
});

test('a tab that crashes without a word is followed at once by the next', async () => {
  const world = new World();
  const [stays, crashes] = [world.tab(), world.tab()];
  await world.seconds(20);
  world.clear();
  crashes.crash();
  await world.seconds(1);
  assert.deepEqual(world.calls.map(call => call.tab === stays), [true]);
});

test('switching tabs hands the lead to the one that is seen', async () => {
  const world = new World({ heartbeatAfter: 40 });
  const [first, second] = [world.tab(), world.tab({ hidden: true })];
  await world.seconds(20);
  second.show();
  first.hide();
  world.clear();
  await world.seconds(100);
  assert.ok(world.count('heartbeat') >= 3);
  assert.ok(world.calls.every(call => call.tab === second));
});

test('of two windows in sight, one is hidden: the other heartbeats at once', async () => {
  const world = new World();
  const [stays, hides] = [world.tab(), world.tab()];
  await world.seconds(20);
  world.clear();
  hides.hide();
  await world.seconds(1);
  assert.deepEqual(world.calls.map(call => call.tab === stays), [true]);
});

test('a visible tab leads though a hidden one goes on as idle, frozen even', async () => {
  const world = new World({ heartbeatAfter: 40 });
  const [first, second] = [world.tab({ whenHidden: 'idle' }), world.tab({ whenHidden: 'idle', hidden: true })];
  await world.seconds(20);
  first.hide();
  first.freeze();
  second.show();
  world.clear();
  await world.seconds(100);
  assert.ok(world.count('heartbeat') >= 3);
  assert.ok(world.calls.every(call => call.tab === second));
});

test('where locks are there but forbidden, the tabs do without', async () => {
  const world = new World();
  world.locks.forbidden = true;
  world.tab();
  await world.seconds(90);
  assert.equal(world.count('heartbeat'), 4);
});

test('where storage is forbidden, the seat is held all the same', async () => {
  const world = new World({ without: ['storage'] });
  const tabs = [world.tab(), world.tab()];
  await world.seconds(90);
  assert.equal(tabs[0].seat.token, tabs[1].seat.token);
  assert.deepEqual(tabs.map(tab => tab.seat.state), ['live', 'live']);
});

test('tabs of different sessions keep apart', async () => {
  const world = new World();
  const [one, other] = [world.tab(), world.tab({ token: mint({ session: 8 }) })];
  world.respond = call => call.token === mint({ session: 8 }) ? world.over() : world.live();
  await world.seconds(10);
  assert.equal(one.seat.state, 'live');
  assert.equal(other.seat.state, 'lost');
});

test('a newer session of the account tidies away what older ones kept', async () => {
  const world = new World();
  world.tab().close();
  world.tab().crash();
  await world.seconds(10);
  world.stored.set('seat https://seats clinic 6', 'old');
  world.stored.set('seat https://seats other 6', 'another account');
  world.stored.set('the page', 'its own');
  world.tab({ token: mint({ session: 8 }) });
  assert.deepEqual([...world.stored.keys()].sort(), ['seat https://seats other 6', 'the page']);
});
