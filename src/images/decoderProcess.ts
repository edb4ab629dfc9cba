// Decodes images in a process of its own, one after the other: the main program of that process.
// It takes a line of JSON for each, and gives a line of JSON and the pixels. It ends itself when an
// image takes too much memory, and when its parent has gone.

import { writeFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { decodePixels } from './decodePixels.ts';
import type { DecodedHeader, DecodeRequest } from './decoder.ts';

const OUTPUT = 3;
/** Time between two looks at the memory in use. */
const WATCH_MS = 5;

const output = new Socket({ fd: OUTPUT, readable: false });

/** Ends at once: `process.exit` would wait for the decoder. */
function endAtOnce(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('killed');
}

try {
  // If memory runs out after all, the system ends this process, not its parent.
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // Only Linux has it.
}

async function decode({ path, limitBytes, ...decoding }: DecodeRequest): Promise<void> {
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() <= limitBytes) return;
    writeSync(OUTPUT, `${JSON.stringify({ limit: 'memory' } satisfies DecodedHeader)}\n`);
    endAtOnce();
  }, WATCH_MS);
  try {
    // libvips reads brackets at the end of a name as options.
    const input = decoding.format === 'svg' || path.endsWith(']') ? await readFile(path) : path;
    const { data, ...size } = await decodePixels(input, decoding);
    output.write(`${JSON.stringify({ ...size, bytes: data.length } satisfies DecodedHeader)}\n`);
    output.write(data);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    output.write(`${JSON.stringify({ error: reason } satisfies DecodedHeader)}\n`);
  } finally {
    clearInterval(watch);
  }
}

const { default: sharp } = await import('sharp');
sharp.concurrency(1);
sharp.cache(false);
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => void decode(JSON.parse(line)));
lines.on('close', endAtOnce);
output.on('error', endAtOnce);
