import { z } from 'zod';
import type { ModelReference } from '../../base/modelName.ts';
import { isLoopback } from '../../base/service.ts';
import { httpUrl } from '../../providers/replicate/credentials.ts';
import type { FlagValue } from './flagValue.ts';
import { catalogued, modelAdvice, modelReference, namedModelReference } from './modelValues.ts';
import { dollars, price } from './moneyValues.ts';

function wholeNumber(min: number, max: number): FlagValue<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    schema: z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number)
      .pipe(z.number().min(min).max(max)),
  };
}

/** A number above 0, with or without decimals. */
function positiveNumber(max: number, unit = ''): FlagValue<number> {
  return {
    expected: `a number${unit} above 0, at most ${max}`,
    schema: z
      .string()
      .regex(/^\d{1,15}(\.\d{1,9})?$/)
      .transform(Number)
      .pipe(z.number().positive().max(max)),
  };
}

const seconds = positiveNumber(86_400, ' of seconds');

/** A time above 0; typed in seconds, returned in milliseconds. */
const duration: FlagValue<number> = {
  expected: seconds.expected,
  schema: seconds.schema.transform(toMs),
  show: showSeconds,
};

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** A time above 0 with a unit, or in seconds; returned in milliseconds. */
const time: FlagValue<number> = {
  expected: 'a time above 0 such as 90, 90s, 10m or 2h, at most 24h',
  schema: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,3})?[smh]?$/)
    .transform((text) => Math.round(Number.parseFloat(text) * (unitsMs[text.slice(-1)] ?? 1_000)))
    .pipe(z.number().positive().max(86_400_000)),
  show: (ms) => {
    const [unit = 's', size = 1_000] =
      Object.entries(unitsMs).findLast(([, unitMs]) => ms % unitMs === 0) ?? [];
    return `${ms / size}${unit}`;
  },
};

/** A pause, which may be 0; typed in seconds, returned in milliseconds. */
const pause: FlagValue<number> = {
  expected: 'a number of seconds from 0 to 86400',
  schema: z
    .string()
    .regex(/^\d{1,5}(\.\d{1,3})?$/)
    .transform(Number)
    .pipe(z.number().max(86_400))
    .transform(toMs),
  show: showSeconds,
};

function toMs(seconds: number): number {
  return Math.round(seconds * 1_000);
}

function showSeconds(ms: number): string {
  return String(ms / 1_000);
}

/** A size of a file in decimal units, in bytes. */
const fileSize: FlagValue<number> = {
  expected: 'a size from 1kB to 100GB, such as 500MB',
  schema: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,3})?\s*[kMG]B$/i)
    .transform((text) =>
      Math.round(Number.parseFloat(text) * (unitBytes[text.slice(-2, -1).toLowerCase()] ?? 1)),
    )
    .pipe(z.number().min(1_000).max(100_000_000_000)),
  show: (bytes) => (bytes % 1_000_000_000 === 0 ? `${bytes / 1_000_000_000}GB` : `${bytes / 1_000_000}MB`),
};

const unitBytes: Readonly<Record<string, number>> = { k: 1_000, m: 1_000_000, g: 1_000_000_000 };

function oneOf<const Word extends string>(words: readonly Word[]): FlagValue<Word> {
  return {
    expected: `one of ${words.join(', ')}`,
    schema: z.enum(words),
    choices: { words, areAll: true },
  };
}

/** One of the keys of a record. */
function keyOf<Word extends string>(record: Readonly<Record<Word, unknown>>): FlagValue<Word> {
  return oneOf(Object.keys(record).filter((key): key is Word => Object.hasOwn(record, key)));
}

const concurrency: FlagValue<number | 'auto'> = {
  expected: `${wholeNumber(1, 10_000).expected}, or auto`,
  choices: { words: ['auto'], areAll: false },
  schema: z.union([z.literal('auto'), wholeNumber(1, 10_000).schema]),
};

const fallback: FlagValue<ModelReference | 'new-seed'> = {
  expected: `${modelReference.expected}, or new-seed`,
  choices: { words: ['new-seed', ...catalogued], areAll: false },
  advice: modelAdvice,
  schema: z.union([z.literal('new-seed'), modelReference.schema]),
};

/** Some jobs by their numbers. */
export interface JobSelection {
  /** As typed: `3,7-9`. */
  readonly text: string;
  /** Returns true if it selects the job with an index, which counts from 0. */
  readonly has: (index: number) => boolean;
  /** The indexes that it names one by one. */
  readonly single: readonly number[];
}

const jobNumbers: FlagValue<JobSelection> = {
  expected: 'job numbers from 1 up, such as 3 or 3,7-9',
  schema: z
    .string()
    .regex(/^[1-9]\d{0,9}(-[1-9]\d{0,9})?(,[1-9]\d{0,9}(-[1-9]\d{0,9})?)*$/)
    .transform((text) => ({ text, ranges: text.split(',').map(indexRange) }))
    .refine(({ ranges }) => ranges.every(({ first, last }) => first <= last))
    .transform(({ text, ranges }) => ({
      text,
      has: (index) => ranges.some(({ first, last }) => index >= first && index <= last),
      single: ranges.filter(({ first, last }) => first === last).map(({ first }) => first),
    })),
};

/** Returns the indexes of `7-9` or `7`. */
function indexRange(text: string): { readonly first: number; readonly last: number } {
  const [first = 0, last = first] = text.split('-').map(Number);
  return { first: first - 1, last: last - 1 };
}

const keyValue: FlagValue<readonly [string, string]> = {
  expected: 'KEY=VALUE',
  schema: z
    .string()
    .regex(/^[^=\s]+=/)
    .transform((text) => {
      const end = text.indexOf('=');
      return [text.slice(0, end), text.slice(end + 1)] as const;
    }),
};

const seed: FlagValue<'auto' | 'none' | number> = {
  expected: 'auto, none or a whole number from 0 to 4294967295',
  choices: { words: ['auto', 'none'], areAll: false },
  schema: z.union([z.enum(['auto', 'none']), wholeNumber(0, 2 ** 32 - 1).schema]),
};

const destination: FlagValue<string> = {
  expected: 's3://BUCKET, s3://BUCKET/PREFIX or webdataset',
  choices: { words: ['webdataset'], areAll: false },
  schema: z.string().regex(/^(s3:\/\/.+|webdataset)$/),
};

const baseUrl: FlagValue<string> = {
  expected: 'an http or https URL without password, query or fragment',
  schema: httpUrl,
};

/** Returns true for an address that may be notified: https, or http on this machine. */
function isNotifyUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

const notifyUrl: FlagValue<string> = {
  expected: 'an https URL without user and password, or an http one of this machine',
  schema: z.string().refine(isNotifyUrl),
};

/** Any text except a blank one; `words` are some that it may be. */
function text(expected: string, words: readonly string[] = []): FlagValue<string> {
  const choices = words.length === 0 ? {} : { choices: { words, areAll: false } };
  return { expected, schema: z.string().trim().min(1), ...choices };
}

/** The kinds of values that flags take. */
export const flagValues = {
  wholeNumber,
  positiveNumber,
  duration,
  time,
  pause,
  dollars,
  price,
  oneOf,
  keyOf,
  fileSize,
  modelReference,
  namedModelReference,
  fallback,
  jobNumbers,
  keyValue,
  seed,
  baseUrl,
  notifyUrl,
  concurrency,
  destination,
  text,
};
