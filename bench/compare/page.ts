import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import type { Table } from './tables.ts';

/** Writes the tables and their plots into a folder of documentation, between the marks of its page. */
export function writePage(docs: string, tables: readonly Table[], rounds: number): void {
  const pictures = join(docs, 'images', 'bench');
  mkdirSync(pictures, { recursive: true });
  for (const { name, svg } of tables) writeFileSync(join(pictures, `${name}.svg`), svg);
  const about = `${machine(packages)}.
Medians of ${rounds} runs in turns, with the lowest and the highest behind them. Each run is a process of its own, its start included; the simulator
is another process on the same cores.`;
  const parts = [about, ...tables.map(section)].join('\n\n');
  writeBetween(join(docs, 'benchmarks.md'), 'npm run bench', parts);
}

/** Writes text into a page between the marks of a command: `<!-- COMMAND: begin -->` and `end`. */
export function writeBetween(page: string, command: string, body: string): void {
  const [first, last] = [`<!-- ${command}: begin -->`, `<!-- ${command}: end -->`];
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [text.indexOf(first), text.indexOf(last)];
  if (begin < 0 || end < begin) throw new Error(`Expected ${first} and ${last} in ${page}`);
  writeFileSync(page, `${text.slice(0, begin)}${first}\n\n${body}\n\n${text.slice(end)}`);
}

function section({ name, title, text, markdown }: Table): string {
  return `**${title}.** ${text}\n\n${markdown}\n\n![${title}](images/bench/${name}.svg)`;
}

const packages = ['sharp', 'replicate', 'p-queue', 'ai', '@ai-sdk/replicate'];

/** Says when and where figures were made, with the versions of some packages. */
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
      // It lies in another folder.
    }
  }
  return '?';
}
