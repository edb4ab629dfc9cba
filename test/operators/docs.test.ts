import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as rx from '../../src/operators/rx/index.ts';

const page = readFileSync('docs/operators.md', 'utf8');
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((text) => ({ title: text.slice(0, text.indexOf('\n')), text }));

/** The sources of the operators, by the name of the module. */
const sources = new Map(
  ['src/operators', 'src/operators/pace'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .map((name): [string, string] => [name.replace('.ts', ''), readFileSync(join(folder, name), 'utf8')]),
  ),
);

/** The modules of exports that are not named after them. */
const modules: Readonly<Record<string, string>> = {
  createGate: 'gate',
  createBreaker: 'circuitBreaker',
  createGovernor: 'governor',
};

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
    const picture = /```text\n([\s\S]*?)```/.exec(text)?.[1]?.trim().split('\n') ?? [];
    expect(picture.length).toBeGreaterThan(1);
    for (const line of picture.filter((line) => line !== '')) expect(code).toContain(` *     ${line}\n`);
    const options = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    const configs = [...code.matchAll(/^export interface (\w+Config)\b/gm)].map(([, name = '']) => name);
    expect(options.sort()).toEqual(configs.flatMap((name) => fieldsOf(code, name)).sort());
  },
);

it('says of each how it flattens, if it does, and what unsubscribing does', () => {
  for (const { title, text } of sections)
    expect([title, text]).toEqual([title, expect.stringContaining('*Unsubscribing*')]);
  const flattening = ['pullMap', 'inWaves', 'requeue', 'refine', 'adaptivePoll', 'cachedBy', 'fallbackTo'];
  for (const { title, text } of sections.filter(({ title }) => flattening.includes(title)))
    expect([title, text]).toEqual([title, expect.stringMatching(/\*Flattens\* by /)]);
});
