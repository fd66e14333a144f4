// Seats that are lost, and servers that do not answer.

import assert from 'node:assert/strict';
import test from 'node:test';
import { mint, World } from './world.js';

for (const without of [[], ['locks'], ['channel'], ['locks', 'channel']]) {
  test(`a lost seat: every tab is told why, and there is never another call; without ${without}`, async () => {
    const world = new World({ without });
    const tabs = [world.tab(), world.tab(), world.tab({ hidden: true })];
    await world.seconds(20);
    world.respond = () => world.over('reclaimed', 'Ana needed the seat.');
    await world.seconds(60);
    for (const tab of tabs) {
      assert.deepEqual(tab.heard('lost').map(({ how, detail }) => [how, detail]), [['reclaimed', 'Ana needed the seat.']]);
      assert.equal(tab.seat.state, 'lost');
    }
    world.clear();
    for (const tab of tabs) { tab.hide(); tab.show(); tab.type(); tab.online(); }
    assert.equal(await tabs[0].seat.answer(17, true), false);
    assert.equal(await tabs[0].seat.logOut(), true);
    tabs[0].leave();
    tabs[0].comeBack();
    tabs[0].seat.goodbye();
    assert.equal(tabs[0].seat.state, 'lost');
    for (const tab of tabs) tab.close();
    const reloaded = world.tab();
    await world.seconds(600);
    assert.equal(world.calls.length, 0);
    assert.deepEqual(reloaded.heard('lost').map(lost => lost.how), ['reclaimed'], 'a reloaded page knows, too');
  });
}

test('a new login after the loss is a session of its own', async () => {
  const world = new World();
  world.respond = () => world.over();
  world.tab();
  await world.seconds(10);
  world.respond = () => world.live();
  const tab = world.tab({ token: mint({ session: 8 }) });
  await world.seconds(10);
  assert.equal(tab.seat.state, 'live');
});

test('a ledger that was begun anew is not taken for the lost one', async () => {
  const world = new World();
  world.respond = () => world.over();
  world.tab();
  await world.seconds(10);
  world.respond = () => world.live();
  const tab = world.tab({ token: mint({ iat: 900 }) });
  await world.seconds(10);
  assert.equal(tab.seat.state, 'live');
});

for (const [status, code] of [[401, 'bad_token'], [404, 'unknown_session']]) {
  test(`a session that the server does not know (${code}) is lost, too`, async () => {
    const world = new World();
    world.respond = () => ({ status, body: { code, detail: 'Not one of ours.' } });
    const tab = world.tab();
    await world.seconds(600);
    assert.equal(world.calls.length, 1);
    assert.deepEqual(tab.heard('lost').map(lost => lost.detail), ['Not one of ours.']);
  });
}

test('consent that comes too late tells that the seat is gone', async () => {
  const world = new World();
  const tab = world.tab();
  await world.seconds(10);
  world.clear();
  world.respond = () => world.over('handed_over', 'Ana has the seat now.');
  const [ok] = await Promise.all([tab.seat.answer(17, true), world.seconds(1)]);
  assert.equal(ok, false);
  assert.deepEqual(tab.heard('lost').map(lost => lost.how), ['handed_over']);
  assert.deepEqual(world.calls.map(call => call.what), ['hand-over']);
});

const troubles = {
  'an unreachable server': () => 'unreachable',
  'a server that fails': () => ({ status: 500, body: { code: 'internal' } }),
  'a proxy that wants a password': () => ({ status: 401, text: '<html>Sign in</html>' }),
  'a proxy that says gone': () => ({ status: 410, body: {} }),
  'a hotel that answers for everybody': () => ({ status: 200, text: '<html>Welcome</html>' }),
  'an answer without a token': () => ({ status: 200, body: { fine: true } }),
};
for (const [name, respond] of Object.entries(troubles)) {
  test(`${name}: tried again, ever more slowly, never given up`, async () => {
    const world = new World({ heartbeatAfter: 40, random: () => 0.999 });
    const tab = world.tab();
    await world.seconds(10);
    world.clear();
    world.respond = respond;
    await world.seconds(36); // The heartbeat of second 45 fails.
    assert.deepEqual(tab.heard('state'), ['live', 'offline']);
    await world.seconds(3600);
    const waits = world.calls.slice(1).map((call, i) => Math.round((call.at - world.calls[i].at) / 1000));
    assert.deepEqual(waits.slice(0, 8), [1, 2, 4, 8, 16, 32, 40, 40]);
    assert.ok(world.calls.length > 90, `${world.calls.length} calls in an hour`);
    world.respond = () => world.live();
    await world.seconds(41);
    assert.deepEqual(tab.heard('state'), ['live', 'offline', 'live']);
    assert.deepEqual(tab.heard('lost'), []);
    world.clear();
    world.respond = respond;
    await world.seconds(41);
    assert.equal(Math.round((world.calls[1].at - world.calls[0].at) / 1000), 1, 'new trouble begins anew');
  });
}

test('retries are spread: no two pages wait alike', async () => {
  const waits = [];
  for (const random of [0, 0.999]) {
    const world = new World({ random: () => random });
    world.tab();
    await world.seconds(10);
    world.respond = () => 'unreachable';
    world.clear();
    await world.seconds(45);
    waits.push(world.calls[1].at - world.calls[0].at);
  }
  assert.deepEqual(waits.map(ms => Math.round(ms / 100) / 10), [0.5, 1]);
});

test('a call that is never answered is tried again', async () => {
  const world = new World();
  const tab = world.tab();
  world.respond = () => 'silence';
  await world.seconds(30);
  assert.ok(world.count('heartbeat') >= 3);
  assert.ok(world.calls[0].aborted);
  assert.equal(tab.seat.state, 'offline');
});

for (const without of [[], ['locks'], ['channel']]) {
  test(`Retry-After is honoured, in every tab, whatever happens in the page; without ${without}`, async () => {
    const world = new World({ without });
    const tabs = [world.tab(), world.tab()];
    await world.seconds(20);
    world.respond = () => ({ status: 503, headers: { 'Retry-After': '120' }, text: '<html>Busy</html>' });
    await world.seconds(30); // The heartbeat of second 45 is told to wait.
    assert.equal(tabs[0].seat.state, 'offline');
    world.clear();
    world.respond = () => world.live();
    for (let n = 0; n < 10; n++) {
      for (const tab of tabs) { tab.hide(); tab.show(); tab.type(); tab.online(); }
      world.slept += 1000; // Nor does a clock that gains end the wait much too early.
      await world.seconds(10);
    }
    assert.equal(world.calls.length, 0);
    await world.seconds(25);
    assert.ok(world.count('heartbeat') >= 1);
    assert.equal(tabs[0].seat.state, 'live');
  });
}

test('a page that is hidden when the wait is over heartbeats when it is seen', async () => {
  const world = new World();
  const tab = world.tab();
  await world.seconds(10);
  world.respond = () => ({ status: 429, headers: { 'Retry-After': '60' }, body: {} });
  await world.seconds(40);
  tab.hide();
  world.respond = () => world.live();
  world.clear();
  await world.seconds(300);
  assert.equal(world.calls.length, 0);
  tab.show();
  await world.seconds(1);
  assert.equal(world.count('heartbeat'), 1);
});

test('back online: at once, by one tab', async () => {
  const world = new World();
  const tabs = [world.tab(), world.tab()];
  await world.seconds(20);
  world.respond = () => 'unreachable';
  await world.seconds(300);
  world.clear();
  world.respond = () => world.live();
  for (const tab of tabs) for (const _ of 'abc') tab.online();
  await world.pass(50);
  assert.equal(world.calls.filter(call => !call.aborted).length, 1);
  assert.equal(new Set(world.calls.map(call => call.tab)).size, 1);
  assert.equal(world.locks.queue.length, 1, 'the other waits for the lock once');
});
