// A Chromium as users have it: nothing emulated, so that a tab behind another is hidden, pages freeze and the
// back/forward cache keeps them. Its processes can be stopped, as a machine that sleeps stops them, and killed.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--password-store=basic', '--hide-scrollbars', '--remote-debugging-port=0',
];

// A run that is cut short leaves no process behind.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** Starts a Chromium with a profile of its own. `context` is its own window; `browser` makes others, which are emulated. */
export async function launch() {
  const path = PLACES.find(path => path && existsSync(path));
  if (!path) throw new Error('there is no Chromium; tests/browser/install installs one');
  const profile = mkdtempSync(join(tmpdir(), 'seat-browser-'));
  const child = spawn(path, [...ARGUMENTS, `--user-data-dir=${profile}`, 'about:blank'], {
    detached: true, stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = new Promise(done => child.once('exit', done));
  const signal = name => {
    for (const pid of tree(child.pid)) {
      try { process.kill(pid, name); } catch { /* It ended meanwhile. */ }
    }
  };
  const kill = () => signal('SIGKILL');
  process.once('exit', kill);
  const browser = await chromium.connectOverCDP(await listening(child), { noDefaults: true });
  return {
    browser,
    context: browser.contexts()[0],
    sleep: () => signal('SIGSTOP'),
    wake: () => signal('SIGCONT'),
    /** The user, or the desktop, ends the program. */
    quit: () => child.kill('SIGTERM'),
    kill,
    async close() {
      kill();
      process.off('exit', kill);
      await gone;
      await browser.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Where its debugger listens, as it says itself. */
function listening(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('exit', code => reject(new Error(`Chromium ended with ${code}: ${said}`)));
    child.stderr.on('data', data => {
      said += data;
      const [url] = said.match(/ws:\/\/\S+/) ?? [];
      if (url) resolve(url);
    });
  });
}

/** A process and everything it started. */
function tree(root) {
  const children = new Map();
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...children.get(parent) ?? [], Number(pid)]);
    } catch { /* It ended meanwhile. */ }
  }
  const found = [root];
  for (const pid of found) found.push(...children.get(pid) ?? []);
  return found;
}
