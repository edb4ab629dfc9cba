import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import type { Table } from './tables.ts';

const BEGIN = '<!-- npm run bench: begin -->';
const END = '<!-- npm run bench: end -->';

/** Writes the tables and their plots into a folder of documentation, between the marks of its page. */
export function writePage(docs: string, tables: readonly Table[], rounds: number): void {
  const page = join(docs, 'benchmarks.md');
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`Expected ${BEGIN} and ${END} in ${page}`);
  const pictures = join(docs, 'images', 'bench');
  mkdirSync(pictures, { recursive: true });
  for (const { name, svg } of tables) writeFileSync(join(pictures, `${name}.svg`), svg);
  const parts = [machine(rounds), ...tables.map(section)].join('\n\n');
  writeFileSync(page, `${text.slice(0, begin)}${BEGIN}\n\n${parts}\n\n${text.slice(end)}`);
}

function section({ name, title, text, markdown }: Table): string {
  return `**${title}.** ${text}\n\n${markdown}\n\n![${title}](images/bench/${name}.svg)`;
}

const packages = ['sharp', 'replicate', 'p-queue', 'ai', '@ai-sdk/replicate'];

function machine(rounds: number): string {
  const cores = cpus();
  const model = cores[0]?.model.trim() || 'unknown processor';
  const memoryGb = Math.round(totalmem() / 1e9);
  const versions = packages.map((name) => `${name} ${versionOf(name)}`).join(', ');
  const day = new Date().toISOString().slice(0, 10);
  return `Made on ${day}: ${cores.length} cores (${model}), ${memoryGb} GB, ${type()} ${release()}, Node ${process.version.slice(1)}; ${versions}.
Medians of ${rounds} runs in turns, with the lowest and the highest behind them. Each run is a process of its own, its start included; the simulator
is another process on the same cores.`;
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
