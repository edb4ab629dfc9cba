import { z } from 'zod';

/** A part of a whole, as a number of 0 to 1 or a text with a percent sign: `0.2`, `20%`. */
export function partOfOne(least: number, most: number) {
  const expected = `Expected a number of ${least} to ${most}, or ${least * 100}% to ${most * 100}%`;
  return z.union([z.number(), z.string()], { error: expected }).transform((value, context): number => {
    const part = typeof value === 'number' ? value : textPart(value);
    if (part >= least && part <= most) return part;
    context.addIssue({ code: 'custom', message: `${expected}, got ${JSON.stringify(value)}` });
    return z.NEVER;
  });
}

/** NaN where the text is no part. */
function textPart(text: string): number {
  const [, digits, percent] = /^\s*(\d*\.?\d+)\s*(%)?\s*$/.exec(text) ?? [];
  return Number(digits) / (percent === undefined ? 1 : 100);
}
