import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import type { Table } from './tables.ts';

const BENCH = 'npm run bench';
const markOf = (name: string) => `<!-- table: ${name} -->`;

/** A table, and when and on which machine it was measured. */
export interface MeasuredTable extends Table {
  readonly conditions: string;
}

/**
 * Writes a table and its plot into a folder of documentation, between the marks of its page, and
 * leaves the other tables there as they are. `order` has the names of all.
 */
export function writePage(docs: string, table: MeasuredTable, order: readonly string[]): void {
  const page = join(docs, 'benchmarks.md');
  const pictures = join(docs, 'images', 'bench');
  mkdirSync(pictures, { recursive: true });
  writeFileSync(join(pictures, `${table.name}.svg`), table.svg);
  const sections = sectionsIn(textBetween(page, BENCH));
  sections.set(table.name, section(table));
  writeBetween(page, BENCH, order.flatMap((name) => sections.get(name) ?? []).join('\n\n'));
}

/** Writes text into a page between the marks of a command: `<!-- COMMAND: begin -->` and `end`. */
export function writeBetween(page: string, command: string, body: string): void {
  const { text, begin, end } = marksIn(page, command);
  writeFileSync(page, `${text.slice(0, begin)}\n\n${body}\n\n${text.slice(end)}`);
}

function textBetween(page: string, command: string): string {
  const { text, begin, end } = marksIn(page, command);
  return text.slice(begin, end);
}

/** Finds the marks of a command in a page: where the first ends, and the second begins. */
function marksIn(
  page: string,
  command: string,
): { readonly text: string; readonly begin: number; readonly end: number } {
  const [first, last] = [`<!-- ${command}: begin -->`, `<!-- ${command}: end -->`];
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [text.indexOf(first), text.indexOf(last)];
  if (begin < 0 || end < begin) throw new Error(`Expected ${first} and ${last} in ${page}`);
  return { text, begin: begin + first.length, end };
}

/** Returns the sections of the page by the names of their tables. */
function sectionsIn(text: string): Map<string, string> {
  const [, ...parts] = text.split('<!-- table: ');
  return new Map(
    parts.map((part) => {
      const name = part.slice(0, part.indexOf(' -->'));
      return [name, `<!-- table: ${part.trim()}`];
    }),
  );
}

function section({ name, title, text, markdown, conditions }: MeasuredTable): string {
  const parts = [`**${title}.** ${text}`, markdown, conditions, `![${title}](images/bench/${name}.svg)`];
  return `${markOf(name)}\n\n${parts.join('\n\n')}`;
}

const packages = ['sharp', 'replicate', 'p-queue', 'ai', '@ai-sdk/replicate'];

/**
 * Notes the load of the machine; returns a function that describes it and the machine after the
 * measurement.
 */
export function measuredNow(rounds: number): () => string {
  const [before = 0] = loadavg();
  return () => {
    const [after = 0] = loadavg();
    const runs =
      rounds === 1
        ? 'One run each'
        : `Medians of ${rounds} runs in turns, with the lowest and the highest behind them`;
    return `${runs}; each is a process of its own, its start
included, and the simulator another one on the same cores. Load average ${before.toFixed(1)} before, ${after.toFixed(1)} after. ${machine(packages)}.`;
  };
}

/** Describes when and where figures were measured, with the versions of some packages. */
export function machine(names: readonly string[]): string {
  const cores = cpus();
  const model = cores[0]?.model.trim() || 'unknown processor';
  const memoryGb = Math.round(totalmem() / 1e9);
  const versions = names.map((name) => `${name} ${versionOf(name)}`).join(', ');
  const day = new Date().toISOString().slice(0, 10);
  return `Made on ${day}: ${cores.length} cores (${model}), ${memoryGb} GB, ${type()} ${release()}, Node ${process.version.slice(1)}; ${versions}`;
}

function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  const folder = require.resolve.paths(name)?.map((path) => join(path, name, 'package.json')) ?? [];
  for (const path of folder) {
    try {
      return JSON.parse(readFileSync(path, 'utf8')).version;
    } catch {
      // It is in another folder.
    }
  }
  return '?';
}
