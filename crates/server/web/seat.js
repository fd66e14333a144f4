// Holds one seat for all tabs of one session.
//
// One tab leads: it has the Web Lock named after the session, heartbeats, and shares each answer with the others
// through a BroadcastChannel. A tab that becomes visible steals the lead, so a visible tab leads if there is one;
// where it goes, the lock passes to the next. Without locks every visible tab leads, and whoever heartbeats first
// puts the others off; without a channel, storage events carry the news.
//
// A page that goes says goodbye: the server keeps the seat for a short grace. Whatever comes or stays (the reloaded
// page, another tab) owes two heartbeats, at once and a little later, because a goodbye may be slower than the page
// that followed it. The newest token lies in localStorage, for pages that were rendered with an older one.
//
// Time is counted in timers. The wall clock only hints that the machine slept; if it is wrong, that costs a heartbeat.

const SETTLE_S = 5, SLICE_MS = 5000, TIMEOUT_MS = 10000;

function claims(token) {
  try {
    return JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
  } catch {
    throw new TypeError(`This is not a seat token: ${token}`);
  }
}

/** Holds the seat that `token` names until it is lost, logged out of, or let go. Types and meaning: seat.d.ts. */
export function hold({ server = '', token, whenHidden = 'silent', onLost, onAskedFor, onToken, onState }) {
  const { iss, account, session } = claims(token);
  const prefix = `seat ${iss} ${account} `, key = prefix + session;
  const listening = new AbortController();
  let { locks } = navigator;
  let channel, state, askedFor, flight, timer; // `flight`: the heartbeat that is on its way.
  let over, away, release, queued, turn = 0; // `release`: lets the lock go; there while this tab leads.
  let active = false, owed = 0, failures = 0, cadence = 60, mustWait = false;

  const wanted = () => !over && !away && (owed > 0 || !document.hidden || whenHidden === 'idle');
  // In a microtask: what a callback throws is the page's affair, and `hold` has returned by then.
  const tell = (callback, news) => callback && queueMicrotask(() => callback(news));

  function become(now) {
    if (now !== state) tell(onState, state = now);
  }

  function take(newer) {
    if (newer !== token && claims(newer).iat >= claims(token).iat) tell(onToken, token = newer);
  }

  function keep(lost) {
    try { localStorage.setItem(key, JSON.stringify({ token, lost })); } catch { /* Each page keeps its own, then. */ }
  }

  /** What other tabs, or this page before its reload, knew better. */
  function recall() {
    try {
      const kept = JSON.parse(localStorage.getItem(key));
      if (claims(kept.token).iat < claims(token).iat) return;
      take(kept.token);
      if (kept.lost) end(kept.lost);
    } catch { /* Nothing was kept. */ }
  }

  function post(news) {
    if (channel) return channel.postMessage(news);
    try { localStorage.setItem(key + '!', JSON.stringify([Math.random(), news])); } catch { /* Alone. */ }
  }

  function open() {
    try {
      channel = new BroadcastChannel(key);
      channel.onmessage = event => hear(event.data);
    } catch { channel = null; }
  }

  /** One call: `ok` with the answer, `gone` with how the session ended, or neither, and how long to wait. */
  async function ask(what, more, call = new AbortController()) {
    const timeout = setTimeout(() => call.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(`${server}/v1/seat/${what}`, {
        method: 'POST', body: JSON.stringify({ token, ...more }),
        credentials: 'omit', keepalive: what === 'logout', signal: call.signal,
      });
      const wait = +response.headers.get('Retry-After') || 0;
      const body = await response.json().catch(() => ({}));
      // Only our own word ends a session: a proxy's 401 does not.
      const gone = ['session_over', 'unknown_session', 'bad_token'].includes(body.code);
      return { ok: response.ok, gone, body, wait };
    } catch {
      return { wait: 0 };
    } finally {
      clearTimeout(timeout);
    }
  }

  async function beat() {
    if (!wanted() || mustWait || locks && !release) return;
    recall();
    if (over) return;
    clearTimeout(timer);
    const mine = { active: active || !!flight?.active, call: new AbortController() };
    flight?.call.abort();
    flight = mine;
    active = false;
    const { ok, gone, body, wait } = await ask('heartbeat', { active: mine.active }, mine.call);
    if (mine !== flight) return;
    flight = null;
    if (gone) return share({ lost: body });
    if (ok && body.token) return share({ answer: body });
    active ||= mine.active;
    const backoff = Math.min(cadence, 2 ** failures) * (1 + Math.random()) / 2;
    share({ failed: Math.max(backoff, wait && wait + Math.random()), mustWait: wait > 0 });
  }

  function share(news) {
    post(news);
    hear(news, true);
  }

  /** News from this tab or another. */
  function hear(news, own) {
    if (over) return;
    if (news.lost) return end(news.lost);
    if (news.bye) return call(2);
    if (news.active) return act(true);
    mustWait = !!news.mustWait;
    if (news.answer) {
      const { token, state, heartbeat_after_s, asked_for } = news.answer;
      failures = 0;
      owed = Math.max(0, owed - 1);
      cadence = Math.max(.5, heartbeat_after_s || cadence);
      take(token);
      if (own) keep();
      else active = false;
      become(state);
      if (askedFor?.handover !== asked_for?.handover) tell(onAskedFor, asked_for);
      askedFor = asked_for;
      later((owed ? Math.min(SETTLE_S, cadence) : cadence) * (own ? 1 : 1 + Math.random() / 5));
    } else {
      failures += 1;
      become('offline');
      later(news.failed);
    }
    if (!wanted()) letGo();
  }

  /** The next heartbeat, in slices, so that a machine that slept through one heartbeats when it wakes. */
  function later(seconds) {
    let left = seconds * 1000;
    clearTimeout(timer);
    (function slice() {
      const before = Date.now(), step = Math.min(left, SLICE_MS);
      timer = setTimeout(() => {
        const passed = Math.max(step, Date.now() - before);
        left -= passed;
        if (left > 0 && (mustWait || passed < step + SLICE_MS)) return slice();
        mustWait = false;
        beat();
      }, step);
    })();
  }

  function letGo() {
    release?.();
    release = null;
  }

  function lead(steal = false) {
    if (!wanted()) return;
    if (!locks || release) return beat();
    if (queued && !steal) return;
    const mine = ++turn;
    queued = true;
    locks.request(key, { steal }, () => {
      if (mine === turn && wanted()) return new Promise(done => { release = done; beat(); });
    }).catch(({ name }) => {
      if (name !== 'AbortError') locks = null; // Not stolen, but forbidden in this page.
    }).then(() => {
      if (mine !== turn) return;
      release = queued = null;
      lead();
    });
  }

  /** This tab owes so many heartbeats, visible or not. */
  function call(heartbeats, steal) {
    owed = Math.max(owed, heartbeats);
    lead(steal);
  }

  /** The user did something, in this tab or (`heard`) in another. */
  function act(heard) {
    if (over) return;
    if (!active && heard !== true && !(locks && release)) post({ active: true });
    active = true;
    if (state === 'dormant' && !flight) lead();
  }

  function goodbye() {
    if (over || away) return;
    const url = `${server}/v1/seat/goodbye`, body = JSON.stringify({ token });
    if (!navigator.sendBeacon?.(url, body)) fetch(url, { method: 'POST', body, keepalive: true }).catch(() => {});
    away = true;
    post({ bye: true });
    still();
  }

  function still() {
    clearTimeout(timer);
    flight?.call.abort();
    flight = null;
    letGo();
    channel?.close();
  }

  function leave(how) {
    over = true;
    still();
    listening.abort();
    become(how);
  }

  function end(lost) {
    keep(lost);
    leave('lost');
    tell(onLost, lost);
  }

  const on = (target, event, listener) =>
    target.addEventListener(event, listener, { signal: listening.signal, passive: true, capture: true });
  for (const event of ['keydown', 'pointerdown', 'pointermove', 'wheel']) on(window, event, act);
  on(document, 'visibilitychange', () => document.hidden ? wanted() || letGo() : call(1, true));
  on(window, 'online', () => lead());
  on(window, 'storage', ({ key: changed, newValue }) => {
    if (changed === key + '!' && newValue) hear(JSON.parse(newValue)[1]);
  });
  on(window, 'pagehide', goodbye);
  on(window, 'pageshow', ({ persisted }) => {
    if (!persisted || over) return;
    away = mustWait = false;
    open();
    call(2, true);
  });

  open();
  try {
    for (const old of Object.keys(localStorage)) {
      if (old.startsWith(prefix) && parseInt(old.slice(prefix.length)) < session) localStorage.removeItem(old);
    }
  } catch { /* No storage. */ }
  recall();
  call(2, !document.hidden);

  return {
    get token() { return token; },
    get state() { return state; },
    async answer(handover, consent) {
      if (over) return false;
      const { ok, gone, body } = await ask('hand-over', { handover, consent });
      if (gone) share({ lost: body });
      else call(1);
      return !!ok;
    },
    async logOut() {
      if (over) return true;
      const asked = ask('logout');
      const lost = { how: 'logged_out', detail: 'You logged out in another tab of this browser.' };
      post({ lost });
      keep(lost);
      leave('ended');
      const { ok, gone } = await asked;
      return !!(ok || gone);
    },
    goodbye() {
      if (over) return;
      goodbye();
      leave('ended');
    },
  };
}
