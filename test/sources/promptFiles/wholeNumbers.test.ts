import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { coerceInput } from '../../../src/sources/modelInputs/adaptInput.ts';
import { checkInput } from '../../../src/sources/modelInputs/checkInput.ts';
import { splitFields } from '../../../src/sources/promptFiles/rowFields.ts';
import { readSpec } from '../../../src/sources/specs/readSpec.ts';
import type { Json, ModelInputProperty, ModelSchema } from '../../../src/types.ts';
import { rowsOf } from '../../helpers/rowsOf.ts';
import { tempFile } from '../../helpers/tempFile.ts';

/** A whole number of 1 to 25 digits, as it is written. */
const numbers = fc
  .tuple(fc.boolean(), fc.stringMatching(/^[1-9]\d{0,24}$/))
  .map(([isNegative, digits]) => `${isNegative ? '-' : ''}${digits}`);
const edges = ['0', '9007199254740991', '9007199254740992', '18446744073709551615', '-9007199254740993'];
const properties: readonly ModelInputProperty[] = [
  { type: 'integer' },
  { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
  { type: 'number' },
  { type: null },
];

/** The value that a model gets, or the message of the refusal. */
type Reading = Json | Error;

function readingOf(read: () => Json | undefined): Reading {
  try {
    return read() ?? null;
  } catch (error) {
    return error instanceof Error ? new Error(error.message) : null;
  }
}

const files: Readonly<Record<string, (digits: string) => string>> = {
  'p.json': (digits) => `[{"prompt": "a", "size": ${digits}}]`,
  'p.jsonl': (digits) => `{"prompt": "a", "size": ${digits}}\n`,
  'p.csv': (digits) => `prompt,size\na,${digits}\n`,
  'p.tsv': (digits) => `prompt\tsize\na\t${digits}\n`,
  'p.yaml': (digits) => `- prompt: a\n  size: ${digits}\n`,
  'flow.yaml': (digits) => `[{prompt: a, size: ${digits}}]`,
};

async function fromFile(name: string, content: string, schema: ModelSchema): Promise<Reading> {
  const [row] = await rowsOf(name, content);
  if (row?.type !== 'row') return new Error(row?.message);
  return readingOf(() => splitFields(row, schema).input.size);
}

async function fromSpec(digits: string, property: ModelInputProperty): Promise<Reading> {
  const path = await tempFile('spec.yaml', `input:\n  size: ${digits}\n`);
  const spec = z.object({ input: z.object({ size: z.json() }) });
  const { size } = (await readSpec(path, spec, { what: 'spec' })).input;
  return readingOf(() => {
    checkInput('size', size, property);
    return size;
  });
}

async function readingsOf(digits: string, property: ModelInputProperty): Promise<Record<string, Reading>> {
  const schema: ModelSchema = { properties: { size: property }, required: [] };
  const readings: Record<string, Reading> = {
    flag: readingOf(() => coerceInput('size', digits, property)),
    spec: await fromSpec(digits, property),
  };
  for (const [name, write] of Object.entries(files)) {
    readings[name] = await fromFile(name, write(digits), schema);
  }
  return readings;
}

it('reads a whole number as the same value, or with the same refusal, from everywhere', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(numbers, fc.constantFrom(...edges)),
      fc.constantFrom(...properties),
      async (digits, property) => {
        const { flag, ...others } = await readingsOf(digits, property);
        for (const reading of Object.values(others)) expect(reading).toEqual(flag);
        if (flag instanceof Error) expect(flag.message).toContain(`got ${digits}`);
        else expect(String(flag)).toBe(digits);
      },
    ),
    { numRuns: 60 },
  );
});

it('refuses a seed of 64 bits with its own digits', async () => {
  const message = 'Expected `size` to be an integer, got 18446744073709551615, which is too large';
  const readings = await readingsOf('18446744073709551615', { type: 'integer' });
  for (const reading of Object.values(readings)) expect(reading).toEqual(new Error(message));
});

it('names a number of a spec that is too large', async () => {
  const path = await tempFile('spec.yaml', 'count: 18446744073709551615\n');
  await expect(readSpec(path, z.object({ count: z.int() }), { what: 'spec' })).rejects.toThrow(
    'line 1: count: Expected a number, got',
  );
});

it('keeps the digits of a tag', async () => {
  for (const [name, write] of Object.entries(files)) {
    const [row] = await rowsOf(name, write('12345678901234567890'));
    expect(row).toMatchObject({ fields: { size: '12345678901234567890' } });
  }
});
