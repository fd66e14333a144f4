// A Chromium of its own process tree, which can be stopped like a machine that sleeps, and killed.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const executablePath = PLACES.find(path => path && existsSync(path));

/** Starts Chromium. The back/forward cache, which the driver would switch off, stays on, as users have it. */
export async function launch() {
  if (!executablePath) throw new Error('there is no Chromium; tests/browser/run installs one');
  const process = await chromium.launchServer({
    executablePath, chromiumSandbox: false, ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  const browser = await chromium.connect(process.wsEndpoint());
  const signal = name => { for (const pid of tree(process.process().pid)) globalThis.process.kill(pid, name); };
  return {
    browser,
    sleep: () => signal('SIGSTOP'),
    wake: () => signal('SIGCONT'),
    /** As kill -9 does it. */
    kill: () => process.kill(),
    close: () => process.close(),
  };
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
