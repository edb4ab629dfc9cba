import { z } from 'zod';
import { type ChaosProfileName, chaosProfiles } from '../simulator/chaos/chaosProfiles.ts';
import type { ModelReference } from './Flags.ts';
import { httpUrl } from './httpUrl.ts';

/** How the text behind a flag is read. */
export interface FlagValue<Value> {
  /** Completes the sentence "Expected `--flag` to be …". */
  readonly expected: string;
  readonly schema: z.ZodType<Value, string>;
  /** Words that are right but that nothing serves yet. */
  readonly notServed?: readonly string[];
}

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

/** Above 0, with decimals if need be. */
function positiveNumber(max: number, unit: string): FlagValue<number> {
  return {
    expected: `a number${unit} above 0, at most ${max}`,
    schema: z
      .string()
      .regex(/^\d{1,15}(\.\d{1,9})?$/)
      .transform(Number)
      .pipe(z.number().positive().max(max)),
  };
}

/** Dollars, read digit by digit into whole millionths, because a float would be off by one now and then. */
function dollars(minMicroUsd: number, expected: string): FlagValue<number> {
  const amount = /^\$?(\d{1,9})(?:\.(\d{1,6}))?$/;
  return {
    expected,
    schema: z
      .string()
      .regex(amount)
      .transform((text) => {
        const [, whole = '', decimals = ''] = amount.exec(text) ?? [];
        return Number(whole + decimals.padEnd(6, '0'));
      })
      .pipe(z.number().min(minMicroUsd)),
  };
}

function oneOf<const Word extends string>(
  served: readonly [Word, ...Word[]],
  notServed: readonly string[],
): FlagValue<Word> {
  const all = [...served, ...notServed];
  return { expected: `one of ${all.join(', ')}`, schema: z.enum(served), notServed };
}

const modelReference: FlagValue<ModelReference> = {
  expected: 'OWNER/NAME or OWNER/NAME:VERSION (64 hex digits)',
  schema: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+(:[0-9a-f]{64})?$/)
    .transform((text) => {
      const [model = '', version = null] = text.split(':');
      return { model, version };
    }),
};

const keyValue: FlagValue<readonly [string, string]> = {
  expected: 'KEY=VALUE',
  schema: z
    .string()
    .regex(/^[^=\s]+=/)
    .transform((text) => {
      const at = text.indexOf('=');
      return [text.slice(0, at), text.slice(at + 1)] as const;
    }),
};

const seed: FlagValue<'auto' | 'none' | number> = {
  expected: 'auto, none or a whole number from 0 to 4294967295',
  schema: z.union([z.enum(['auto', 'none']), wholeNumber(0, 2 ** 32 - 1).schema]),
};

const destination: FlagValue<string> = {
  expected: 's3://BUCKET, s3://BUCKET/PREFIX or webdataset',
  schema: z.string().regex(/^(s3:\/\/.+|webdataset)$/),
};

const baseUrl: FlagValue<string> = {
  expected: 'an http or https URL without password, query or fragment',
  schema: httpUrl,
};

const profiles = Object.keys(chaosProfiles) as [ChaosProfileName, ...ChaosProfileName[]];
const chaosProfile = oneOf(profiles, []);

/** Any text but none. */
function text(expected: string): FlagValue<string> {
  return { expected, schema: z.string().trim().min(1) };
}

/** The kinds of values that flags take, each with what it expects. */
export const flagValues = {
  wholeNumber,
  positiveNumber,
  dollars,
  oneOf,
  modelReference,
  keyValue,
  seed,
  baseUrl,
  chaosProfile,
  destination,
  text,
};
