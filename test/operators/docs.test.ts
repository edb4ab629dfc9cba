import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { operatorPictures } from '../../docs/.vitepress/pictures/operatorPictures.ts';
import * as rx from '../../src/operators/rx/index.ts';

const sectionsOf = (page: string) =>
  readFileSync(page, 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((text) => ({ title: text.slice(0, text.indexOf('\n')), text }));
const sections = sectionsOf('docs/operators.md');
const imageSections = sectionsOf('docs/image-operators.md');

/** The sources of the operators, by the name of the module. */
const sources = new Map(
  ['', 'pace', 'predictions', 'stages'].flatMap((part) => {
    const folder = join('src/operators', part);
    return readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .map((name): [string, string] => [name.replace('.ts', ''), readFileSync(join(folder, name), 'utf8')]);
  }),
);

/** The modules of exports that are not named after them. */
const modules: Readonly<Record<string, string>> = {
  createGate: 'gate',
  createBreaker: 'circuitBreaker',
  createGovernor: 'governor',
  createEventFollower: 'awaitPrediction',
  createListPoller: 'listPoller',
  createOutage: 'outage',
  createUploads: 'uploads',
};

/** The lines of a section's marble picture. */
const pictureOf = (text: string) =>
  (/```text\n([\s\S]*?)```/.exec(text)?.[1] ?? '').split('\n').filter((line) => line !== '');

/** The fields of an exported interface. */
function fieldsOf(source: string, name: string): string[] {
  const [, body = ''] =
    new RegExp(`^export interface ${name}\\b[^{]*\\{\n([\\s\\S]*?)^\\}`, 'm').exec(source) ?? [];
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, field = '']) => field);
}

it('has a section for each operator of `rxposure/rx`', () => {
  const titles = sections.flatMap(({ title }) => title.split(' and '));
  const beside = ['monotonicScheduler', 'createSingleFlight', 'createConcurrencyLearner'];
  const names = Object.keys(rx).filter((name) => !/Error$/.test(name) && !beside.includes(name));
  expect(titles.sort()).toEqual(names.sort());
});

it.each(sections.map(({ title, text }) => [title, text]))(
  '%s: pictures and options are those of the code',
  (title, text) => {
    const names = new Set(title.split(' and ').map((name) => modules[name] ?? name));
    const code = [...names].map((name) => sources.get(name)).join('\n');
    expect(pictureOf(text).length).toBeGreaterThan(1);
    for (const line of pictureOf(text)) expect(code).toContain(` *     ${line}\n`);
    const options = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    const configs = [...code.matchAll(/^export interface (\w+Config)\b/gm)].map(([, name = '']) => name);
    expect(options.sort()).toEqual(configs.flatMap((name) => fieldsOf(code, name)).sort());
  },
);

it.each(imageSections.map(({ title, text }) => [title, text]))(
  '%s: its picture is that of the code',
  (title, text) => {
    const code = sources.get(modules[title] ?? title) ?? '';
    expect(pictureOf(text).length).toBeGreaterThan(1);
    for (const line of pictureOf(text)) expect(code).toContain(` *     ${line}\n`);
  },
);

it('draws each picture; `npm run docs:marbles` writes them', () => {
  const pictures = operatorPictures();
  expect(pictures.size).toBe(sections.length + imageSections.length);
  const pages = [...sections, ...imageSections].map(({ text }) => text).join('\n');
  for (const [path, svg] of pictures) {
    expect(pages).toContain(`](${path})`);
    expect(readFileSync(join('docs', path), 'utf8'), path).toBe(svg);
  }
  expect(readdirSync('docs/images/marbles')).toHaveLength(pictures.size);
});

it('describes how each flattens, if it does, and the effect of unsubscribing', () => {
  for (const { title, text } of sections)
    expect([title, text]).toEqual([title, expect.stringContaining('*Unsubscribing*')]);
  const flattening = ['pullMap', 'inWaves', 'requeue', 'refine', 'adaptivePoll', 'cachedBy', 'fallbackTo'];
  for (const { title, text } of sections.filter(({ title }) => flattening.includes(title)))
    expect([title, text]).toEqual([title, expect.stringMatching(/\*Flattens\* by /)]);
});
