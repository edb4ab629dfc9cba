import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fittingError, withoutOut } from '../../../src/cli/script/fittingHint.ts';
import { option, StorageError } from '../../../src/errors.ts';

const out = option('--out');

it.each([
  [`Wait for that run or stop it, or choose another folder with ${out}.`, 'Wait for that run or stop it.'],
  [`Change its permissions or choose another folder with ${out}.`, 'Change its permissions.'],
  [
    `Raise the limit (ulimit -f) or choose a folder on another disk with ${out}.`,
    'Raise the limit (ulimit -f).',
  ],
  [
    `Remove the link, or choose another folder with ${out}: a run writes into its own folder only.`,
    'Remove the link: a run writes into its own folder only.',
  ],
  [
    `Free some space, or choose a folder on another disk with ${out}. Nothing has been created or paid.`,
    'Free some space. Nothing has been created or paid.',
  ],
  [`Choose another folder with ${out}.`, ''],
  [`Choose another folder with ${out}, or use replicate.`, 'Use replicate.'],
  [
    `Close programs that read the file. If there are none (NFS, some FUSE), choose a folder on another disk with ${out}.`,
    'Close programs that read the file.',
  ],
  ['Run the same command again.', 'Run the same command again.'],
])('%s', (hint, expected) => {
  expect(withoutOut(hint)).toBe(expected);
});

it('keeps the error', () => {
  const error = new StorageError('ERR_NOT_WRITABLE', 'The disk is read-only: /x (EROFS).', {
    suggestion: `Mount it, or choose another folder with ${out}.`,
  });
  expect(fittingError(error, { hasOut: true })).toBe(error);
  expect(error.suggestion).toContain('--out');
  expect(fittingError(error, { hasOut: false })).toBe(error);
  expect(error.suggestion).toBe('Mount it.');
  const other = new Error('no');
  expect(fittingError(other, { hasOut: false })).toBe(other);
});

it('leaves no hint of the code with a half sentence', () => {
  const paths = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !/^(?:cli|fleet|simulator)\//.test(path),
  );
  const hints = paths.flatMap((path) =>
    readFileSync(join('src', path), 'utf8')
      .split('\n')
      .filter((line) => line.includes("option('--out')") && /[Cc]hoose/.test(line))
      .map((line) => /[`](.*)[`]/.exec(line)?.[1] ?? line)
      .map((text) => text.replaceAll(/\$\{option\('--out'\)\}/g, '--out')),
  );
  expect(hints.length).toBeGreaterThan(20);
  for (const hint of hints) {
    const rest = withoutOut(hint);
    expect(rest, hint).not.toContain('--out');
    expect(rest, hint).toMatch(/^$|^[A-Z$].*[^,\s]$/);
  }
});
