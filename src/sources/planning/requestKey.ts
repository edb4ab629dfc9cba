import { createHash, hash } from 'node:crypto';
import { canonicalJson, mapInputStrings } from '../../base/modelInput.ts';
import type { InputFiles, PredictionRequest } from '../../types.ts';
import type { JobContext } from './jobContext.ts';

/**
 * The identity of a request: sha256 (64 hex digits) of its canonical JSON. Equal requests have equal keys. A file counts by
 * its content, whatever its name and wherever it is uploaded.
 */
export function requestKey(request: PredictionRequest & { readonly files?: InputFiles }): string {
  const { model, version, files } = request;
  const input = files === undefined ? request.input : byContent(request.input, files);
  return hash('sha256', canonicalJson({ model, version, input }), 'hex');
}

function byContent(input: PredictionRequest['input'], files: InputFiles): PredictionRequest['input'] {
  return mapInputStrings(input, (place, text) => {
    const file = files[place];
    return file === undefined ? text : `sha256:${file.identity ?? file.sha256}`;
  });
}

/** Counts how often each text came, in few bytes. */
export interface Occurrences {
  /** How often this text was counted before; counts it. */
  count(text: string): number;
}

/** Three numbers a slot: two halves of the text's hash, and how often it came (0 where the slot is free). */
const numbersPerSlot = 3;
const firstSlots = 1024;

/**
 * A counter of texts that keeps 64 bits of each text's hash instead of the text: open addressing in one typed array, at
 * most three quarters full, so 16 to 32 bytes a text. Two texts of a million are taken for one with a chance of
 * 1 in 30 million, and then differ in nothing but a number.
 */
export function createOccurrences(): Occurrences {
  let slots = firstSlots;
  let used = 0;
  let table = new Uint32Array(slots * numbersPerSlot);

  const grow = (): void => {
    const old = table;
    slots *= 2;
    table = new Uint32Array(slots * numbersPerSlot);
    for (let from = 0; from < old.length; from += numbersPerSlot) {
      if (old[from + 2] === 0) continue;
      const to = placeOf(table, old[from] ?? 0, old[from + 1] ?? 0);
      for (let part = 0; part < numbersPerSlot; part += 1) table[to + part] = old[from + part] ?? 0;
    }
  };

  const count = (text: string): number => {
    if (used * 4 >= slots * 3) grow();
    const digest = hash('sha256', text, 'buffer');
    const high = digest.readUInt32LE(0);
    const low = digest.readUInt32LE(4);
    const at = placeOf(table, high, low);
    const times = table[at + 2] ?? 0;
    if (times === 0) used += 1;
    table[at] = high;
    table[at + 1] = low;
    table[at + 2] = times + 1;
    return times;
  };

  return { count };
}

/** Where this hash is, or the free slot where it belongs. A quarter of the slots is free, so the walk ends. */
function placeOf(table: Uint32Array, high: number, low: number): number {
  const slots = table.length / numbersPerSlot;
  let slot = low & (slots - 1);
  for (;;) {
    const at = slot * numbersPerSlot;
    if (table[at + 2] === 0 || (table[at] === high && table[at + 1] === low)) return at;
    slot = (slot + 1) & (slots - 1);
  }
}

/**
 * Tells an input and the settings that change its requests from all others. `input` says what the input is: the hash of
 * a file, or a spec. Neither `limit` nor renditions count: a run may be widened and its pictures made in other sizes.
 */
export function fingerprintOf(input: unknown, context: JobContext): string {
  const { model, version, input: extraInput, count, seed } = context;
  const settings = JSON.parse(JSON.stringify({ input, model, version, extraInput, count, seed }));
  return createHash('sha256').update(canonicalJson(settings)).digest('hex');
}
