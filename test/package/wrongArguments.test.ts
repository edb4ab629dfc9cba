import { readFileSync } from 'node:fs';
import { isObservable, lastValueFrom, takeUntil, timer } from 'rxjs';
import { expect, it } from 'vitest';

/** The subpaths that people compose runs of; the others take data more than options. */
const composed = ['.', './operators', './rx', './pipelines', './events', './telemetry'];
/** They take data that other functions of the package return, and no options. */
const ofOwnData = /^run(?:Compositions|Styles|Variations|Comparison)$/;

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const paths = composed.map((name) => {
  const { default: path } = exports[name] as { default: string };
  return [name, path.replace('./dist/', '../../src/').replace(/\.js$/, '.ts')] as const;
});

/** Calls a function; resolves with its error, of its result too, null if there is none. */
async function errorOf(call: (...given: unknown[]) => unknown, given: readonly unknown[]): Promise<unknown> {
  try {
    const result = call(...given);
    if (isObservable(result)) await lastValueFrom(result.pipe(takeUntil(timer(20))), { defaultValue: null });
    else await result;
    return null;
  } catch (error) {
    return error;
  }
}

it.each(paths)('%s: each function names the argument that is missing or wrong', async (_name, path) => {
  const all: Record<string, unknown> = await import(path);
  const faults: string[] = [];
  for (const [name, call] of Object.entries(all)) {
    if (typeof call !== 'function' || /^[A-Z]/.test(name) || ofOwnData.test(name)) continue;
    for (const given of [[], [{}], [{}, {}], [3, 3]]) {
      const error = await errorOf(call as (...given: unknown[]) => unknown, given);
      if (error instanceof TypeError) faults.push(`${name}(${JSON.stringify(given)}): ${error.message}`);
    }
  }
  expect(faults).toEqual([]);
});
