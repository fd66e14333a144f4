// An account with one licence and short times, as the vendor's application sees it.

import { randomUUID } from 'node:crypto';

/**
 * Seconds: how long a silent session stays live, and how long a seat is kept after a goodbye; so far apart that a
 * grace is not taken for the end of a lease.
 */
export const LEASE = 5, GRACE = 2;

let opened = 0;

export class Clinic {
  /** Opens an account of its own at the server. */
  static async open(server) {
    const clinic = new Clinic();
    Object.assign(clinic, { server, name: `clinic-${++opened}` });
    const policy = { lease: `${LEASE} s`, 'goodbye-grace': `${GRACE} s` };
    const { status, body } = await clinic.call('POST', '/v1/accounts', { name: clinic.name, licences: 1, policy });
    if (status !== 201) throw new Error(`the account was not opened: ${JSON.stringify(body)}`);
    return clinic;
  }

  async call(method, path, body, attempt = randomUUID()) {
    const headers = { authorization: `Bearer ${this.server.admin}`, 'idempotency-key': attempt, 'content-type': 'application/json' };
    const response = await fetch(this.server.url + path, { method, headers, body: body && JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  }

  /** One attempt to log in: the grant, or null if every seat is held. */
  async logIn(user, attempt) {
    const { status, body } = await this.call('POST', `/v1/accounts/${this.name}/logins`, { user }, attempt);
    if (status === 201) return body;
    if (['all_seats_held', 'in_line'].includes(body.code)) return null;
    throw new Error(`${status} ${JSON.stringify(body)}`);
  }

  /** Lets users ask holders for their seats, who have so many seconds to answer. */
  async allowHandOvers(seconds) {
    const policy = { 'hand-over': `${seconds} s`, 'release-floor': '0 s' };
    const { status, body } = await this.call('PATCH', `/v1/accounts/${this.name}/policy`, { policy });
    if (status !== 200) throw new Error(JSON.stringify(body));
  }

  /** Asks a holder for the seat: what was asked, and the attempt under which to log in then. */
  async ask(user) {
    const attempt = randomUUID();
    const { status, body } = await this.call('POST', `/v1/accounts/${this.name}/hand-overs`, { user }, attempt);
    if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`);
    return { ...body.hand_over, attempt };
  }

  /** What became of the asking of somebody in line. */
  async asked(user, attempt) {
    const { body } = await this.call('POST', `/v1/accounts/${this.name}/logins`, { user }, attempt);
    return body.hand_over?.state;
  }

  /** `live`, `dormant`, or how it ended. */
  async state(session) {
    const { body } = await this.call('GET', `/v1/accounts/${this.name}/sessions/${session}`);
    return body.state ?? body.how;
  }

  /** Asks for a seat again and again: seconds from now until it was granted, and how often it was refused. */
  async untilGranted(user, attempt, patience = 15) {
    const begun = performance.now();
    for (let refused = 0; ; refused++) {
      const grant = await this.logIn(user, attempt);
      const after = (performance.now() - begun) / 1000;
      if (grant) return { grant, after, refused };
      if (after > patience) throw new Error(`${user} got no seat in ${patience} s`);
      await pause(0.02);
    }
  }

  /** Asks for a seat again and again, and is refused every time for so many seconds. */
  async refusedFor(user, seconds) {
    const begun = performance.now();
    while (performance.now() - begun < seconds * 1000) {
      if (await this.logIn(user)) throw new Error(`${user} got a seat after ${(performance.now() - begun) / 1000} s`);
      await pause(0.1);
    }
  }
}

export const pause = seconds => new Promise(done => setTimeout(done, seconds * 1000));

/** Waits until a condition holds: seconds it took. */
export async function until(condition, what, patience = 15) {
  const begun = performance.now();
  while (!await condition()) {
    if (performance.now() - begun > patience * 1000) throw new Error(`after ${patience} s still not: ${what}`);
    await pause(0.02);
  }
  return (performance.now() - begun) / 1000;
}
