import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { pathTemplate } from '../../../src/sources/planning/pathTemplate.ts';
import { jobOf } from '../../helpers/jobOf.ts';

const date = '2026-11-23';
const pathOf = (organize: string, changes = {}) => pathTemplate(organize, { date })(jobOf(changes));

it.each([
  ['flat', '0008-a-cat-at-sea'],
  ['date', '2026-11-23/0008-a-cat-at-sea'],
  ['prompt', 'a-cat-at-sea/0008-a-cat-at-sea'],
  ['model', 'name/0008-a-cat-at-sea'],
  ['{platform}/{variation}/{index:04}-{slug}-{seed}.{ext}', 'facebook_ad/none/0008-a-cat-at-sea-42'],
  ['{owner}/{model}/{index}', 'owner/name/8'],
  ['{prompt}', 'A cat, at sea!'],
  ['shots\\{guidance}\\{index:02}', 'shots/3.5/08'],
  ['./a//b/{index}', 'a/b/8'],
  ['manifest', 'job-manifest'],
  ['Report/{index}', 'job-Report/8'],
  ['runner', 'runner'],
])('fills %s', (organize, path) => {
  const changes = {
    index: 7,
    prompt: 'A cat, at sea!',
    input: { seed: 42, guidance: 3.5 },
    tags: { platform: 'facebook_ad' },
  };
  expect(pathOf(organize, changes)).toBe(path);
});

it('calls a prompt by the name that it has among others', () => {
  const changes = { index: 0, prompt: 'A cat, at sea, in oil', tags: { prompt: 'cat', style: 'oil' } };
  expect(pathOf('{slug}/{index}-{style}', changes)).toBe('cat/1-oil');
});

it.each([
  [0, 'name/0001-1000/0001-a'],
  [999, 'name/0001-1000/1000-a'],
  [1_000, 'name/1001-2000/1001-a'],
  [99_999, 'name/99001-100000/100000-a'],
])('puts job %d into a folder of at most a thousand', (index, path) => {
  const pathOfJob = pathTemplate('model', { date, folderSize: 1_000 });
  expect(pathOfJob(jobOf({ index, prompt: 'a' }))).toBe(path);
});

it('keeps separators in values from making folders', () => {
  expect(pathOf('{tag}/{index}', { index: 0, tags: { tag: '../../x/y' } })).toBe('__-__-x-y/1');
});

it.each([
  ['', 'an empty one'],
  ['/tmp/{index}', 'an absolute path'],
  ['C:\\out\\{index}', 'an absolute path'],
  ['~/{index}', 'an absolute path'],
  ['a/../../{index}', 'one that leaves the run folder with ..'],
  ['{index', 'an unmatched brace'],
  ['{{index}}', 'an unmatched brace'],
  ['{model}/', 'a folder without a file name'],
  ['a/b/c/d/e/f/g/h/i/j', '9 folders, above 7'],
  ['{}/x', 'got {} in'],
  ['{slug:04}', 'got {slug:04} in'],
  ['{index:4}', 'got {index:4} in'],
  ['{ext}/{index}', 'got {ext} in'],
])('refuses %j', (organize, message) => {
  expect(() => pathOf(organize)).toThrow(UsageError);
  expect(() => pathOf(organize)).toThrow(message);
});

it('reports a placeholder that no job has if the names are known', () => {
  const config = { date, knownNames: ['platform', 'aspect_ratio'] };
  expect(pathTemplate('{platform}/{slug}', config)(jobOf())).toBe('none/a-cat');
  const read = () => pathTemplate('{platfrom}/{slug}', config);
  expect(read).toThrow('got {platfrom} in {platfrom}/{slug}');
  expect(read).toThrow(expect.objectContaining({ suggestion: 'Did you mean {platform}?' }));
});
