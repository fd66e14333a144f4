// What a vendor's page is promised of the file itself.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

const source = readFileSync(new URL('../seat.js', import.meta.url));

test('as it is written it is under 4 KB gzipped', () => {
  const bytes = gzipSync(source, { level: 9 }).length;
  assert.ok(bytes < 4096, `${bytes} bytes`);
});

test('a strict content security policy lets it run, and it depends on nothing', () => {
  for (const forbidden of [/\beval\b/, /\bFunction\(/, /\bimport\b/, /innerHTML/, /\.style\b/, /createElement/]) {
    assert.doesNotMatch(source.toString(), forbidden);
  }
});
