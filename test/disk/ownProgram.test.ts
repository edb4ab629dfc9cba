import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isInstalled, ownProgram } from '../../src/disk/ownProgram.ts';

it('finds programs of this package, and reports whether another one is installed', () => {
  expect(existsSync(ownProgram('cli/bin/rxposure'))).toBe(true);
  expect(isInstalled('rxjs')).toBe(true);
  expect(isInstalled('a-package-that-is-not-there')).toBe(false);
});
