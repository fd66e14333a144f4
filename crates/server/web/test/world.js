// A browser small enough to reason about: tabs with their own globals, and what they share (storage, locks,
// channels, a server). Time passes only when a test says so, so every test is exact and none waits.

import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const source = readFileSync(new URL('../seat.js', import.meta.url), 'utf8').replace(/^export /gm, '');
const script = new vm.Script(`${source}\n({ hold })`, { filename: 'seat.js' });

/** Milliseconds that a call, a message between tabs and a lock's grant take. */
const LATENCY = { call: 4, message: 1, lock: 1 };

const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Random numbers that are the same in every run. */
function dice() {
  let seed = 1;
  return () => (seed = seed * 16807 % 2147483647) / 2147483647;
}

/** A seat token as the server would sign it; `iat` counts seconds. */
export const mint = (claims = {}) =>
  `${encode({ alg: 'EdDSA' })}.${encode({ iss: 'https://seats', account: 'clinic', session: 7, iat: 0, ...claims })}.c2ln`;

export class World {
  constructor({ without = [], heartbeatAfter = 40, random = dice() } = {}) {
    Object.assign(this, { without, heartbeatAfter, random });
    this.now = 0; // Milliseconds of timer time.
    this.slept = 0; // By how much the wall clock is ahead of the timers.
    this.timers = [];
    this.calls = [];
    this.tabs = [];
    this.stored = new Map();
    this.channels = new Set();
    this.locks = new Locks(this);
    this.respond = () => this.live();
  }

  /** What the server says when all is well. */
  live(more = {}) {
    const token = mint({ iat: Math.floor((this.now + this.slept) / 1000) + 1 });
    return { status: 200, body: { state: 'live', seat: 2, token, heartbeat_after_s: this.heartbeatAfter, asked_for: null, ...more } };
  }

  over(how = 'reclaimed', detail = 'Ana needed the seat.') {
    return { status: 410, body: { code: 'session_over', status: 410, how, detail } };
  }

  at(delay, run, tab) {
    const timer = { at: this.now + Math.max(0, delay), run, tab, order: this.order = (this.order ?? 0) + 1 };
    this.timers.push(timer);
    return timer;
  }

  /** Lets `ms` milliseconds pass, and everything that is due happen in order. */
  async pass(ms) {
    const end = this.now + ms;
    for (;;) {
      await new Promise(setImmediate); // All microtasks.
      const due = this.timers.filter(t => t.at <= end && !t.tab?.frozen).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!due) break;
      this.timers.splice(this.timers.indexOf(due), 1);
      this.now = Math.max(this.now, due.at);
      due.run();
    }
    this.now = end;
  }

  seconds(s) {
    return this.pass(s * 1000);
  }

  tab(options = {}) {
    const tab = new Tab(this, options);
    this.tabs.push(tab);
    return tab;
  }

  /** The calls of one kind so far: `'heartbeat'`, `'goodbye'`, ... */
  count(what) {
    return this.calls.filter(call => call.what === what).length;
  }

  /** Forgets the calls so far. */
  clear() {
    this.calls.length = 0;
  }
}

class Tab {
  constructor(world, { hidden = false, ...options }) {
    Object.assign(this, { world, told: [], errors: [], frozen: false, closed: false });
    this.window = new EventTarget();
    this.document = Object.assign(new EventTarget(), { hidden });
    const globals = {
      window: this.window, document: this.document, AbortController, TypeError, JSON, Promise, Object,
      atob, fetch: (url, init) => this.#call(url, init),
      queueMicrotask: run => queueMicrotask(() => { try { run(); } catch (error) { this.errors.push(error); } }),
      setTimeout: (run, ms) => world.at(ms, run, this),
      clearTimeout: timer => { world.timers = world.timers.filter(t => t !== timer); },
      Date: { now: () => 1e12 + world.now + world.slept },
      Math: Object.assign(Object.create(Math), { random: () => world.random(), max: Math.max, min: Math.min }),
      navigator: {
        locks: world.without.includes('locks') ? undefined : {
          request: (name, { steal }, grant) => world.locks.request(this, name, steal, grant),
        },
        sendBeacon: world.without.includes('beacon') ? undefined : (url, body) => { this.#arrive(url, body, 'beacon'); return true; },
      },
      BroadcastChannel: world.without.includes('channel') ? undefined : channelOf(this),
      localStorage: storageOf(this),
    };
    const { hold } = script.runInContext(vm.createContext(globals));
    const tell = kind => news => { this.told.push([kind, news]); if (options.throws) throw new Error('the page fails'); };
    this.seat = hold({
      token: mint(), onLost: tell('lost'), onAskedFor: tell('asked'), onToken: tell('token'), onState: tell('state'), ...options,
    });
  }

  /** What the callback of `kind` was told, in order. */
  heard(kind) {
    return this.told.filter(([k]) => k === kind).map(([, news]) => news);
  }

  #arrive(url, body, by) {
    const call = { what: url.split('/v1/seat/')[1], url, by, tab: this, at: this.world.now, ...JSON.parse(body) };
    this.world.calls.push(call);
    return call;
  }

  #call(url, { body, signal, keepalive, credentials }) {
    const call = this.#arrive(url, body, keepalive ? 'keepalive' : 'fetch');
    call.credentials = credentials;
    const answer = this.world.respond(call);
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => { call.aborted = true; reject(signal.reason); });
      if (answer === 'silence') return;
      this.world.at(LATENCY.call, () => {
        if (answer === 'unreachable') return reject(new TypeError('Failed to fetch'));
        const { status, headers = {}, text } = answer;
        resolve({
          ok: status < 300, status, headers: { get: name => headers[name] ?? null },
          json: async () => JSON.parse(text ?? JSON.stringify(answer.body)),
        });
      }, this);
    });
  }

  show() { this.document.hidden = false; this.document.dispatchEvent(new Event('visibilitychange')); }

  hide() { this.document.hidden = true; this.document.dispatchEvent(new Event('visibilitychange')); }

  type() { this.window.dispatchEvent(new Event('keydown')); }

  online() { this.window.dispatchEvent(new Event('online')); }

  /** Timers, answers and messages wait until `thaw`. */
  freeze() { this.frozen = true; }

  thaw() { this.frozen = false; }

  /** Goes to the back/forward cache, and comes back from it. */
  leave() { this.window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true })); this.hide(); this.freeze(); }

  comeBack() {
    this.frozen = false;
    this.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    this.show();
  }

  close() { this.window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false })); this.crash(); }

  /** The tab is gone without a word. */
  crash() {
    this.closed = this.frozen = true;
    const { world } = this;
    world.timers = world.timers.filter(timer => timer.tab !== this);
    for (const channel of world.channels) if (channel.tab === this) channel.close();
    world.locks.abandon(this);
  }
}

/** Web Locks: exclusive, first come first served, and `steal`. */
class Locks {
  constructor(world) { Object.assign(this, { world, held: null, queue: [] }); }

  request(tab, name, steal, grant) {
    if (this.forbidden) return Promise.reject(new DOMException('forbidden', 'SecurityError'));
    return new Promise((resolve, reject) => {
      const asked = { tab, grant, resolve, reject };
      if (!steal) this.queue.push(asked);
      else {
        this.held?.reject(new DOMException('stolen', 'AbortError'));
        this.held = null;
        this.queue.unshift(asked);
      }
      this.#next();
    });
  }

  #next() {
    if (this.held || this.queue.length === 0) return;
    const asked = this.held = this.queue.shift();
    this.world.at(LATENCY.lock, async () => {
      if (this.held !== asked) return;
      asked.resolve(await asked.grant());
      if (this.held === asked) { this.held = null; this.#next(); }
    });
  }

  abandon(tab) {
    this.queue = this.queue.filter(asked => asked.tab !== tab);
    if (this.held?.tab === tab) { this.held = null; this.#next(); }
  }
}

const channelOf = tab => class {
  constructor(name) { Object.assign(this, { name, tab }); tab.world.channels.add(this); }

  postMessage(data) {
    if (!tab.world.channels.has(this)) throw new DOMException('closed', 'InvalidStateError');
    const copy = JSON.stringify(data);
    for (const other of tab.world.channels) {
      if (other === this || other.name !== this.name) continue;
      tab.world.at(LATENCY.message, () => tab.world.channels.has(other) && other.onmessage({ data: JSON.parse(copy) }), other.tab);
    }
  }

  close() { tab.world.channels.delete(this); }
};

function storageOf(tab) {
  const { stored, without } = tab.world;
  if (without.includes('storage')) return new Proxy({}, { get() { throw new Error('SecurityError'); }, ownKeys() { throw new Error('SecurityError'); } });
  const methods = {
    getItem: key => stored.get(key) ?? null,
    removeItem: key => { stored.delete(key); },
    setItem(key, newValue) {
      if (stored.get(key) === newValue) return;
      stored.set(key, newValue);
      for (const other of tab.world.tabs.filter(t => t !== tab && !t.closed)) {
        tab.world.at(LATENCY.message, () => other.window.dispatchEvent(Object.assign(new Event('storage'), { key, newValue })), other);
      }
    },
  };
  return new Proxy(methods, {
    ownKeys: () => [...stored.keys()],
    getOwnPropertyDescriptor: (_, key) => stored.has(key) ? { value: stored.get(key), enumerable: true, configurable: true } : undefined,
  });
}
