// Reads and checks a prompt file of each format, with short, usual and long prompts:
// `npm run bench:reading [MB]`. The files are read in turns; the best of three rounds counts.
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPromptFile } from '../src/sources/promptFiles/promptFile.ts';
import { validateRows } from '../src/sources/promptFiles/promptJobs.ts';

const ROUNDS = 3;
const PROMPT_CHARS = [100, 500, 1_500];

const context = {
  model: 'black-forest-labs/flux-schnell',
  version: null,
  schema: null,
  input: {},
  count: 1,
  seed: 'none',
  renditions: [],
} as const;

interface Format {
  readonly extension: string;
  readonly head: string;
  readonly rowOf: (prompt: string, seed: number) => string;
  readonly tail: string;
}

const fields = (prompt: string, seed: number) => ({ prompt, seed, aspect_ratio: '16:9' });
const formats: readonly Format[] = [
  { extension: 'txt', head: '', rowOf: (prompt) => `${prompt}\n`, tail: '' },
  {
    extension: 'jsonl',
    head: '',
    rowOf: (prompt, seed) => `${JSON.stringify(fields(prompt, seed))}\n`,
    tail: '',
  },
  {
    extension: 'csv',
    head: 'prompt,seed,aspect_ratio\n',
    rowOf: (prompt, seed) => `"${prompt}",${seed},16:9\n`,
    tail: '',
  },
  {
    extension: 'json',
    head: '[\n',
    rowOf: (prompt, seed) => `${JSON.stringify(fields(prompt, seed))}${seed === 0 ? '' : ','}\n`,
    tail: ']\n',
  },
  {
    extension: 'yaml',
    head: '',
    rowOf: (prompt, seed) => `- prompt: ${prompt}\n  seed: ${seed}\n  aspect_ratio: "16:9"\n`,
    tail: '',
  },
];

const words = 'a quiet harbour at dawn with small boats and long shadows on wet stone in warm light'.split(
  ' ',
);

/** Writes sentences that differ from row to row, down to row 0. */
function* text({ head, rowOf, tail }: Format, rows: number, chars: number): Generator<string> {
  yield head;
  for (let row = rows - 1; row >= 0; row -= 1) {
    let prompt = `Picture ${row}`;
    for (let at = 0; prompt.length < chars; at += 1) prompt += ` ${words[(row + at * at) % words.length]}`;
    yield rowOf(prompt, row);
  }
  yield tail;
}

/** Returns the seconds that reading a file and checking its rows took. */
async function read(path: string): Promise<number> {
  const startMs = performance.now();
  await validateRows(await openPromptFile(path), context);
  return (performance.now() - startMs) / 1_000;
}

async function compare(megabytes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-reading-'));
  try {
    console.log(`| format | ${PROMPT_CHARS.map((chars) => `${chars} characters a prompt`).join(' | ')} |`);
    console.log(`| --- |${PROMPT_CHARS.map(() => ' --- |').join('')}`);
    for (const format of formats) {
      const files = await Promise.all(PROMPT_CHARS.map((chars) => write(format, chars)));
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const file of files) file.seconds = Math.min(file.seconds, await read(file.path));
      }
      const speeds = files.map(({ bytes, seconds }) => ` ${(bytes / 1e6 / seconds).toFixed(0)} MB/s |`);
      console.log(`| ${format.extension} |${speeds.join('')}`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }

  async function write(format: Format, chars: number) {
    const path = join(folder, `${chars}.${format.extension}`);
    await pipeline(
      Readable.from(text(format, Math.ceil((megabytes * 1e6) / chars), chars)),
      createWriteStream(path),
    );
    return { path, bytes: (await stat(path)).size, seconds: Infinity };
  }
}

await compare(Number(process.argv[2] ?? 40));
