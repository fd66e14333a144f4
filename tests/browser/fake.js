// Stands in for `seatledger serve` until there is one: lease, grace and reclaim on demand, with one kind of account.

import { createServer } from 'node:http';

const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = text => Number(text.split(' ')[0]);

export async function start() {
  const accounts = new Map();
  let last = 0;
  const now = () => performance.now() / 1000;

  const dormantSince = (account, s) => {
    const lease = s.seen + account.lease;
    return s.bye === null ? lease : Math.min(lease, s.bye + account.grace);
  };
  const isDormant = (account, s) => now() >= dormantSince(account, s);
  const token = (account, s) => `x.${encode({ iss: 'fake', account: account.name, session: s.session, iat: Math.floor(Date.now() / 1000) })}.y`;
  const over = s => [410, { code: 'session_over', how: s.how, detail: `The session has ended: ${s.how}.` }];
  const seated = (account, s) => [200, {
    state: isDormant(account, s) ? 'dormant' : 'live', seat: 1, token: token(account, s), heartbeat_after_s: Math.max(1, Math.floor(account.lease / 3)),
  }];

  function logIn(account, { user }) {
    let held = account.sessions.filter(s => !s.how);
    const own = held.find(s => s.user === user);
    if (own) own.how = 'taken_over';
    held = held.filter(s => !s.how);
    if (held.length >= account.licences) {
      const ghost = held.filter(s => isDormant(account, s)).sort((a, b) => a.seen - b.seen)[0];
      if (!ghost) return [409, { code: 'all_seats_held', detail: 'every seat is held' }];
      ghost.how = 'reclaimed';
    }
    const s = { session: ++last, user, seen: now(), bye: null, how: null };
    account.sessions.push(s);
    return [201, { ...seated(account, s)[1], session: s.session }];
  }

  function bySeat(what, { token }) {
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
    const account = accounts.get(claims.account);
    const s = account.sessions.find(s => s.session === claims.session);
    if (s.how) return over(s);
    if (what === 'heartbeat') Object.assign(s, { seen: now(), bye: null });
    if (what === 'goodbye') s.bye = now();
    if (what === 'logout') return s.how = 'logged_out', [200, { state: 'ended' }];
    return seated(account, s);
  }

  function answer(method, path, body) {
    const [, , kind, name, what, number] = path.split('/');
    if (kind === 'seat') return bySeat(name, body);
    if (!name) {
      const { lease, 'goodbye-grace': grace } = body.policy;
      accounts.set(body.name, { ...body, lease: seconds(lease), grace: seconds(grace), sessions: [] });
      return [201, {}];
    }
    const account = accounts.get(name);
    if (what === 'logins') return logIn(account, body);
    const s = account.sessions.find(s => s.session === Number(number));
    return s.how ? over(s) : seated(account, s);
  }

  const server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    const [status, body] = answer(request.method, request.url, text && JSON.parse(text));
    response.writeHead(status, { 'content-type': 'application/json', 'access-control-allow-origin': '*' }).end(JSON.stringify(body));
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}`, admin: 'fake', stop: () => { server.closeAllConnections(); server.close(); } };
}
