import { crc32 } from 'node:zlib';
import type { Original } from '../helpers/originals.ts';
import { partsOf, sizeFieldsOf } from './parts.ts';

/** A number of 0 or more, below 1. */
export type Random = () => number;

/** Random numbers that are the same for the same seed (mulberry32, public domain). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A changed original. */
export interface Mutant {
  /** `avif, cut`. */
  readonly name: string;
  readonly format: string;
  readonly bytes: Buffer;
  /** True if its end is missing, so that it must never count as whole. */
  readonly isCut: boolean;
}

type Mutation = (original: Original, random: Random) => Buffer;

const below = (limit: number, random: Random) => Math.floor(random() * limit);

/** The last bytes of a file, by its format. */
const ENDS: Readonly<Record<string, Buffer>> = {
  png: Buffer.from('0000000049454e44ae426082', 'hex'),
  jpeg: Buffer.from('ffd9', 'hex'),
  gif: Buffer.of(0, 0x3b),
  svg: Buffer.from('</svg>'),
};

const cut: Mutation = ({ format, bytes }, random) => {
  // The newline behind an SVG is not part of it.
  const length = format === 'svg' ? bytes.toString().trimEnd().length : bytes.length;
  return bytes.subarray(0, 1 + below(length - 1, random));
};

const twoParts = ({ format, bytes }: Original, random: Random) => {
  const parts = partsOf(format, bytes);
  const [one, other] = [below(parts.length, random), below(parts.length, random)].sort((a, b) => a - b);
  return { parts: parts.map(([start, end]) => bytes.subarray(start, end)), one: one ?? 0, other: other ?? 0 };
};

export const mutations: Readonly<Record<string, Mutation>> = {
  flipped({ bytes }, random) {
    const changed = Buffer.from(bytes);
    for (let count = 1 + below(8, random); count > 0; count -= 1) {
      const at = below(changed.length, random);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << below(8, random)), at);
    }
    return changed;
  },
  cut,
  'cut, with an end'(original, random) {
    return Buffer.concat([cut(original, random), ENDS[original.format] ?? Buffer.alloc(0)]);
  },
  'cut, filled with zeros'(original, random) {
    const left = cut(original, random);
    return Buffer.concat([left, Buffer.alloc(original.bytes.length - left.length)]);
  },
  'two parts swapped'(original, random) {
    const { parts, one, other } = twoParts(original, random);
    return Buffer.concat(
      parts.map((part, at) => parts[at === one ? other : at === other ? one : at] ?? part),
    );
  },
  'a part removed'(original, random) {
    const { parts, one } = twoParts(original, random);
    return Buffer.concat(parts.filter((_, at) => at !== one));
  },
  'a part repeated'(original, random) {
    const { parts, one } = twoParts(original, random);
    return Buffer.concat(parts.flatMap((part, at) => (at === one ? [part, part] : [part])));
  },
  'bytes swapped'({ bytes }, random) {
    const [a = 0, b = 0, c = 0] = [1, 2, 3].map(() => below(bytes.length, random)).sort((x, y) => x - y);
    return Buffer.concat([
      bytes.subarray(0, a),
      bytes.subarray(b, c),
      bytes.subarray(a, b),
      bytes.subarray(c),
    ]);
  },
  'a size lied about'({ format, bytes }, random) {
    const changed = Buffer.from(bytes);
    const fields = sizeFieldsOf(format, bytes);
    const field = fields[below(fields.length, random)];
    if (field === undefined) return changed;
    const largest = 2 ** (8 * field.bytes) - 1;
    const value = Math.min(largest, Math.floor(2 ** (random() * 8 * field.bytes)));
    if (field.isText) changed.write(String(value % 10_000).padStart(field.bytes, '0'), field.at);
    else if (field.isLittle) changed.writeUIntLE(value, field.at, field.bytes);
    else changed.writeUIntBE(value, field.at, field.bytes);
    // Its checksum alone would show it.
    if (format === 'png') changed.writeUInt32BE(crc32(changed.subarray(12, 29)), 29);
    return changed;
  },
  'a length lied about'({ format, bytes }, random) {
    const changed = Buffer.from(bytes);
    const parts = partsOf(format, bytes);
    const [start] = parts[below(parts.length, random)] ?? [0, 0];
    const at = Math.min(changed.length - 4, start + below(8, random));
    changed.writeUInt32BE(below(2 ** 32, random), Math.max(0, at));
    return changed;
  },
  'followed by something'({ bytes }, random) {
    return Buffer.concat([bytes, Buffer.alloc(1 + below(500, random), 'x')]);
  },
};

/** Yields mutants without end: each original in turn, each mutation in turn. */
export function* mutants(all: readonly Original[], seed: number): Generator<Mutant> {
  const random = seeded(seed);
  const kinds = Object.keys(mutations);
  for (let count = 0; ; count += 1) {
    // The two numbers have no common divisor, so that all pairs come about.
    const original = all[count % all.length];
    const kind = kinds[(count + Math.floor(count / all.length)) % kinds.length] ?? '';
    if (original === undefined) return;
    const bytes = mutations[kind]?.(original, random) ?? original.bytes;
    yield { name: `${original.name}, ${kind}`, format: original.format, bytes, isCut: kind === 'cut' };
  }
}
