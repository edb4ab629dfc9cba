import { defer, throwError, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DeliveryError, DownloadError, ProviderError, StorageError } from '../../../src/errors.ts';
import { isRetryableRead, retryPolicies } from '../../../src/operators/internal/retryPolicies.ts';
import { type RetryBackoffConfig, retryBackoff } from '../../../src/operators/retryBackoff.ts';

const recoverable = { recoverable: true };
const errors = {
  call: new ProviderError('ERR_SERVICE', 'x', { status: 500, ...recoverable }),
  refusal: new ProviderError('ERR_FORBIDDEN', 'x', { status: 403 }),
  unknown: new ProviderError('ERR_NOT_FOUND', 'x', { status: 404 }),
  download: new DownloadError('ERR_DOWNLOAD_CUT', 'x', recoverable),
  gone: new DownloadError('ERR_OUTPUT_GONE', 'x'),
  delivery: new DeliveryError('x', { destination: 's3', ...recoverable }),
  handles: new StorageError('ERR_TOO_MANY_FILES', 'x', recoverable),
  own: new Error('a fault of our own'),
};

/** Seconds before each further try of a source that always fails so, without jitter. */
function waitsS(policy: RetryBackoffConfig, error: Error): number[] {
  const scheduler = new VirtualTimeScheduler(undefined, Number.POSITIVE_INFINITY);
  const triedMs: number[] = [];
  const source = defer(() => {
    triedMs.push(scheduler.now());
    return throwError(() => error);
  });
  let last: unknown;
  source.pipe(retryBackoff({ ...policy, scheduler, random: () => 1 })).subscribe({
    error: (thrown: unknown) => {
      last = thrown;
    },
  });
  scheduler.flush();
  expect(last).toBe(error);
  return triedMs.slice(1).map((atMs, nth) => (atMs - (triedMs[nth] ?? 0)) / 1_000);
}

const longest = [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30];

describe('waits', () => {
  it.each<[keyof typeof retryPolicies, Error, number[]]>([
    ['ask', errors.call, longest],
    ['lastLook', errors.call, longest],
    ['list', errors.call, [0.5, 1]],
    ['look', errors.call, [0.5, 1]],
    ['resume', errors.call, [0.5, 1, 2, 4, 8, 16]],
    ['refetch', errors.call, [0.5, 1, 2, 4, 8, 16]],
    ['upload', errors.call, [0.5, 1, 2, 4, 8, 16]],
    ['download', errors.download, [0.5, 1, 2, 4, 8]],
    ['deliver', errors.delivery, [1, 2]],
    ['create', errors.call, [1, 2, 4, 8, 16, 30, 30, 30]],
    ['prepare', errors.call, [0.5, 1, 2, 4]],
  ])('%s', (name, error, expected) => {
    expect(waitsS(retryPolicies[name], error)).toEqual(expected);
  });

  it('attempt, as often as a run allows', () => {
    expect(waitsS({ ...retryPolicies.attempt, retries: 7 }, errors.call)).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });
});

it.each<[keyof typeof retryPolicies, Record<string, number>]>([
  ['ask', { call: 12, unknown: 5 }],
  ['look', { call: 2, download: 2, delivery: 2, handles: 2 }],
  ['lastLook', { call: 12, download: 12, delivery: 12, handles: 12 }],
  ['resume', { call: 6, unknown: 5 }],
  ['refetch', { call: 6 }],
  ['upload', { call: 6 }],
  ['download', { download: 5, gone: 3 }],
  ['deliver', { delivery: 2 }],
  ['prepare', { call: 4 }],
])('%s is for %o, and no other error', (name, retries) => {
  const counts = Object.entries(errors).map(
    ([kind, error]) => [kind, waitsS(retryPolicies[name], error).length] as const,
  );
  expect(Object.fromEntries(counts.filter(([, count]) => count > 0))).toEqual(retries);
});

it('asks again if that may help, and five times after a 404', () => {
  expect(isRetryableRead(errors.call, 99)).toBe(true);
  expect(isRetryableRead(errors.refusal, 1)).toBe(false);
  expect([5, 6].map((attempt) => isRetryableRead(errors.unknown, attempt))).toEqual([true, false]);
  expect(isRetryableRead(errors.own, 1)).toBe(false);
});
