import { expect, it } from 'vitest';
import { errorLines } from '../../../src/cli/script/exit.ts';
import { InvalidRowsError, UsageError } from '../../../src/errors.ts';

const plain = { isDebug: false };

it('has a line for the problem and one for the suggestion', () => {
  const error = new UsageError('Expected a,\ngot b', { suggestion: 'Try a.' });
  expect(errorLines(error, plain)).toEqual(['error: Expected a, got b', 'hint: Try a.']);
  expect(errorLines(new UsageError('wrong'), plain)).toEqual(['error: wrong']);
});

it('gives each list item of a message its own line', () => {
  const error = new UsageError('s.yaml: got 2 mistakes:\n  line 1: a\n  line 2: b\nc', {
    suggestion: 'Mend.',
  });
  expect(errorLines(error, plain)).toEqual([
    'error: s.yaml: got 2 mistakes:',
    '  line 1: a',
    '  line 2: b c',
    'hint: Mend.',
  ]);
});

it('names each wrong row by file and line, up to 20', () => {
  const problems = Array.from({ length: 25 }, (_, at) => ({ line: at + 2, message: `no prompt ${at}` }));
  const lines = errorLines(new InvalidRowsError('p.csv', problems, 40), plain);
  expect(lines.slice(0, 2)).toEqual(['error: p.csv: 40 rows are wrong', '  p.csv:2: no prompt 0']);
  expect(lines).toHaveLength(1 + 20 + 1);
  expect(lines.at(-1)).toBe('  … and 20 more');
});

it('counts no rest if all rows are named', () => {
  const lines = errorLines(new InvalidRowsError('p.csv', [{ line: 3, message: 'empty' }], 1), plain);
  expect(lines).toEqual(['error: p.csv: 1 row is wrong', '  p.csv:3: empty']);
});

it('shows the stack of an unexpected error only on request', () => {
  const error = new TypeError('x is undefined');
  expect(errorLines(error, plain)).toEqual([
    'error: unexpected TypeError: x is undefined',
    'hint: Set RXPOSURE_DEBUG=1 for the stack.',
  ]);
  expect(errorLines(error, { isDebug: true }).join('\n')).toMatch(/errorLines\.test\.ts/);
});
