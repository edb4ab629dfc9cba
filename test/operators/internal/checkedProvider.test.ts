import {
  concat,
  EMPTY,
  from,
  lastValueFrom,
  NEVER,
  type Observable,
  of,
  tap,
  throwError,
  toArray,
} from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import { checkedProvider } from '../../../src/operators/internal/checkedProvider.ts';
import type { Provider } from '../../../src/ports.ts';
import { fakeProvider } from '../../../src/testing/fakeProvider.ts';
import { stubProvider } from '../../../src/testing/stubProvider.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';

const request = { model: 'a/b', version: null, input: {} };
const run = <T>(call: Observable<T>): Promise<T[]> => lastValueFrom(call.pipe(toArray()));
/** A provider all of whose methods give this. */
const giving = (given: unknown): Provider => {
  const method = () => given as Observable<never>;
  return checkedProvider({
    ...stubProvider(),
    ...{ createPrediction: method, getPrediction: method, listPredictions: method },
    ...{ cancelPrediction: method, getModel: method, identify: method, uploadFile: method },
  });
};
const calls: Readonly<Record<string, (provider: Provider) => Observable<unknown>>> = {
  createPrediction: (provider) => provider.createPrediction(request, { waitMs: 0 }),
  getPrediction: (provider) => provider.getPrediction('p'),
  listPredictions: (provider) => provider.listPredictions({ createdAfterMs: 0 }),
  cancelPrediction: (provider) => provider.cancelPrediction('p'),
  getModel: (provider) => provider.getModel('a/b'),
  identify: (provider) => provider.identify?.() ?? EMPTY,
  uploadFile: (provider) => provider.uploadFile?.({} as never) ?? EMPTY,
};

describe.each(Object.entries(calls))('%s', (name, call) => {
  it.each([
    ['nothing', EMPTY, 'nothing'],
    ['null', of(null), 'null'],
    ['an empty object', of({}), 'an object without fields'],
    ['undefined', of(undefined), 'undefined'],
    ['no stream', undefined, 'undefined, which is no Observable and no promise'],
  ])('names the received value: %s', async (_what, given, got) => {
    const error = await run(call(giving(given))).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({
      code: 'ERR_PROVIDER_VALUE',
      tookEffect: name === 'createPrediction' ? 'unknown' : 'no',
      message: expect.stringMatching(
        new RegExp(`^Expected \`${name}\` of the provider to emit .*, got ${got}$`),
      ),
    });
  });
});

const starting = aPrediction({ status: 'starting', output: null, outputComplete: false });

it.each<[string, Observable<unknown>]>([
  ['a further one', of(starting, aPrediction())],
  [
    'an error',
    concat(
      of(starting),
      throwError(() => new Error('late')),
    ),
  ],
  ['no end', concat(of(starting), NEVER)],
])('uses the first value of a call: behind it comes %s', async (_what, given) => {
  expect(await run(giving(given).createPrediction(request, { waitMs: 0 }))).toEqual([starting]);
});

it('lets the source of a value come to its end', async () => {
  const complete = vi.fn();
  const given = of(starting).pipe(tap({ complete }));
  await run(giving(given).createPrediction(request, { waitMs: 0 }));
  expect(complete).toHaveBeenCalledOnce();
});

it('takes promises, and keeps `this` of a class', async () => {
  class Own {
    readonly #inner = fakeProvider();
    readonly answers = this.#inner.answers;
    readonly isLocal = true;
    createPrediction(...call: Parameters<Provider['createPrediction']>) {
      return lastValueFrom(this.#inner.createPrediction(...call));
    }
    getPrediction = this.#inner.getPrediction;
    listPredictions = this.#inner.listPredictions;
    cancelPrediction = this.#inner.cancelPrediction;
    getModel = this.#inner.getModel;
    identify() {
      return of(`fake ${this.#inner.calls.length}`);
    }
  }
  const provider = checkedProvider(new Own() as unknown as Provider);
  expect(await run(provider.createPrediction(request, { waitMs: 0 }))).toHaveLength(1);
  expect(await run(provider.identify?.() ?? EMPTY)).toEqual(['fake 1']);
  expect(provider).toMatchObject({ isLocal: true, isPlain: false });
});

it('counts list entries that are no predictions as unreadable', async () => {
  const page = { predictions: [aPrediction(), null, { id: 'x' }], next: null, unreadable: 1 };
  const [read] = await run(giving(of(page)).listPredictions({ createdAfterMs: 0 }));
  expect(read).toEqual({ ...page, predictions: [aPrediction()], unreadable: 3 });
});

it('is made once for each provider', () => {
  const provider = stubProvider();
  expect(checkedProvider(provider)).toBe(checkedProvider(provider));
  expect(checkedProvider(checkedProvider(provider))).toBe(checkedProvider(provider));
});

it.each([[undefined], [null], [{}], ['replicate']])('throws for other values: %j', (given) => {
  expect(() => checkedProvider(given as never)).toThrow(
    /^Expected `provider` to be a provider, with the methods/,
  );
});

it('reads a list that is an array of pages as its first', async () => {
  const page = { predictions: [], next: null };
  expect(await run(giving(from([page])).listPredictions({ createdAfterMs: 0 }))).toEqual([page]);
});
