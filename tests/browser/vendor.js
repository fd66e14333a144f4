// A vendor's application, as small as one can be: it logs its users in with its app token and renders the page of
// `crates/server/web` with the seat token. It renders the token of the login for as long as the cookie lives, so a
// reloaded page always comes with an old one.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const WEB = new URL('../../crates/server/web/', import.meta.url);
const SCRIPTS = ['/seat.js', '/example.js'];

/** Serves the application for an account: its `url`, to be opened with `?user=NAME`. */
export async function serve(clinic) {
  const tokens = new Map(); // By user; a real application has sessions of its own.
  const csp = `default-src 'none'; script-src 'self'; connect-src ${clinic.server.url}`;

  async function answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://vendor');
    const send = (status, type, body, more = {}) =>
      response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': csp, ...more }).end(body);
    if (SCRIPTS.includes(pathname)) return send(200, 'text/javascript', await readFile(new URL(`.${pathname}`, WEB)));
    if (pathname === '/elsewhere') return send(200, 'text/html', '<title>Elsewhere</title><p>Another page of the web.');
    if (pathname === '/signed-out') return send(200, 'text/html', '<title>Signed out</title><p>Signed out.', { 'set-cookie': 'user=; Max-Age=0' });
    if (pathname !== '/') return send(404, 'text/plain', 'not found');
    const user = searchParams.get('user');
    if (!tokens.has(user) || request.headers.cookie !== `user=${user}`) {
      const grant = await clinic.logIn(user);
      if (!grant) return send(409, 'text/html', '<title>No seat</title><p id="denied">Every seat is held.');
      tokens.set(user, grant.token);
    }
    const page = await readFile(new URL('example.html', WEB), 'utf8');
    const rendered = page.replace('{{ token }}', tokens.get(user)).replace('{{ server }}', clinic.server.url);
    send(200, 'text/html', rendered, { 'set-cookie': `user=${user}` });
  }

  const server = createServer((request, response) => answer(request, response).catch(error => {
    console.error(error);
    response.writeHead(500).end();
  }));
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return {
    page: user => `http://127.0.0.1:${server.address().port}/?user=${user}`,
    elsewhere: `http://localhost:${server.address().port}/elsewhere`,
    stop: () => { server.closeAllConnections(); server.close(); },
  };
}
