import { z } from 'zod';
import { MODEL_REFERENCE } from '../../base/modelName.ts';
import type { FlagValue } from './flagValue.ts';
import { asReference } from './modelValues.ts';
import type { GivenPrice } from './prices.ts';

/** Dollars, as whole millionths. Parsed by digits, because a float is off by one now and then. */
export function dollars(minMicroUsd: number, expected: string): FlagValue<number> {
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

const eachImage = dollars(0, '');

/** The price of an image: of all models, or of the one before the equals sign. */
export const price: FlagValue<GivenPrice> = {
  expected: 'dollars such as 0.025, or OWNER/NAME=0.025, with at most 6 decimals',
  schema: z.string().transform((text, context) => {
    const end = text.lastIndexOf('=');
    const model = end < 0 ? null : asReference(text.slice(0, end));
    const microUsd = eachImage.schema.safeParse(text.slice(end + 1));
    if (microUsd.success && (model === null || MODEL_REFERENCE.test(model)))
      return { model: model?.split(':')[0] ?? null, microUsd: microUsd.data };
    context.addIssue('');
    return z.NEVER;
  }),
};
