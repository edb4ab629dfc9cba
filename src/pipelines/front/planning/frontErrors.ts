import { nearestName } from '../../../base/suggest.ts';
import { shown } from '../../../base/text.ts';
import { InvalidRowsError, UsageError } from '../../../errors.ts';

/** Checks options; turns the RangeError of a wrong one into a `UsageError`. */
export function asUsage<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** Throws `UsageError` unless options are given: each run needs some. */
export function expectRunOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new UsageError(`Expected options, with the run folder as \`to\`, got ${shown(options)}`, {
    suggestion: "Give them as the second argument: { model: 'owner/name', to: 'out/animals' }.",
  });
}

/**
 * Returns a warning for each price of a model that the run does not use: it may be misspelt, and
 * the run then goes by another price.
 */
export function unusedPrices(prices: object, models: readonly string[]): string[] {
  const unused = Object.keys(prices).filter((name) => !models.includes(name));
  return unused.map((name) => {
    const meant = nearestName(name, models);
    const advice = meant === null ? `its models are ${models.join(', ')}` : `did you mean ${meant}?`;
    return `\`pricesUsd\` has a price of ${name}, which this run does not use: ${advice}`;
  });
}

/** Rows that a message names. */
const SHOWN_ROWS = 3;

/** Throws an error again; that of wrong rows names the first: a program shows no list. */
export function withRows(error: unknown): never {
  if (!(error instanceof InvalidRowsError)) throw error;
  const { problems, count, message, cause } = error;
  const some = problems.slice(0, SHOWN_ROWS).map((row) => `row ${row.line}: ${row.message}`);
  const others = count > some.length ? `; and ${count - some.length} more` : '';
  const named = new InvalidRowsError('prompts', problems, count, {
    suggestion: 'Correct these rows and run the program again; nothing was created.',
    cause,
  });
  named.message = `${message}: ${some.join('; ')}${others}`;
  throw named;
}
