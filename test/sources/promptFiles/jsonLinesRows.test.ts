import { expect, it } from 'vitest';
import { rowsOf, shortRowsOf } from '../../helpers/rowsOf.ts';

it('reads a value a line', async () => {
  const content = '"a cat"\r\n\r\n{"prompt":"a dog","seed":4,"tag":"x"}';
  expect(await rowsOf('p.jsonl', content)).toEqual([
    { type: 'row', line: 1, prompt: 'a cat', fields: {}, text: false },
    { type: 'row', line: 3, prompt: 'a dog', fields: { seed: 4, tag: 'x' }, text: false },
  ]);
});

it('names broken lines, and reads on', async () => {
  const rows = await shortRowsOf('p.ndjson', '{"prompt": "a"\n7\na cat\n{"prompt":"fine"}\n');
  expect(rows).toMatchObject([
    [1, { message: expect.stringMatching(/^The line is not valid JSON: /) }],
    [2, { message: 'Expected a text or an object with a prompt, got the number 7' }],
    [3, { message: expect.stringMatching(/^The line is not valid JSON: /) }],
    [4, 'fine'],
  ]);
});

it('does not quote a long line back', async () => {
  const [[, error] = []] = await shortRowsOf('p.jsonl', `{"prompt": "${'x'.repeat(500_000)}\n`);
  expect(String(error).length).toBeLessThan(400);
});

it('keeps a key named __proto__ as data', async () => {
  const [row] = await rowsOf('p.jsonl', '{"prompt":"a","__proto__":{"polluted":true}}');
  expect(row?.type === 'row' && Object.hasOwn(row.fields, '__proto__')).toBe(true);
});

it('names a row that is nested too deeply, quickly, and reads on', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const content = `{"prompt":"a"}\n{"prompt":"b","list":${deep}}\n${deep}\n{"prompt":"c"}\n`;
  const before = performance.now();
  expect(await shortRowsOf('p.jsonl', content)).toMatchObject([
    [1, 'a'],
    [2, { message: 'Expected at most 100 levels of lists and objects, got more' }],
    [3, { message: 'Expected a text or an object with a prompt, got a list' }],
    [4, 'c'],
  ]);
  expect(performance.now() - before).toBeLessThan(5_000);
});
