// The real server: `seatledger serve` on a ledger of its own, which is gone afterwards.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Starts it: its `url`, the administrator's token, and `stop`. */
export async function start() {
  const binary = process.env.SEATLEDGER;
  if (!binary) throw new Error('SEATLEDGER names no binary; tests/browser/run builds one');
  const folder = mkdtempSync(join(tmpdir(), 'seat-server-'));
  const serve = ['--data', join(folder, 'ledger'), 'serve', '--listen', '127.0.0.1:0', '--set', 'cors_origins=*'];
  const child = spawn(binary, serve, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise(done => child.once('exit', done));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const [admin, url] = await new Promise((resolve, reject) => {
    let said = '';
    child.once('exit', code => reject(new Error(`the server ended with ${code}: ${said}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', data => {
        said += data;
        const token = said.match(/administrator's token, shown once: (\S+)/);
        const listening = said.match(/listening on (http:\/\/[^;\s]+)/);
        if (token && listening) resolve([token[1], listening[1]]);
      });
    }
  });
  return { url, admin, stop };
}
