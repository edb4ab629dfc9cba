import { z } from 'zod';

const bytesOf = { b: 1, kb: 1_000, mb: 1_000_000, kib: 1_024, mib: 1_048_576 } as const;
const expected = 'Expected bytes, 200000 or 200kB, from 1 to 1 GB';

/** A number of bytes, or a text with a unit: `200kB`, `1.5 MB`, `512 KiB`. */
export const byteCount = z
  .union([z.number(), z.string()], { error: expected })
  .transform((value, context): number => {
    const bytes = typeof value === 'number' ? value : textBytes(value);
    if (Number.isInteger(bytes) && bytes >= 1 && bytes <= 1_000_000_000) return bytes;
    context.addIssue({ code: 'custom', message: `${expected}, got ${JSON.stringify(value)}` });
    return z.NEVER;
  });

/** NaN where the text is no number of bytes. */
function textBytes(text: string): number {
  const [, digits, unit = 'b'] = /^\s*(\d+(?:\.\d+)?)\s*([kKmM]?i?[bB])?\s*$/.exec(text) ?? [];
  const factor = Object.entries(bytesOf).find(([name]) => name === unit.toLowerCase())?.[1];
  return digits === undefined || factor === undefined ? Number.NaN : Math.round(Number(digits) * factor);
}
