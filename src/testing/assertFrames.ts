import { AssertionError } from 'node:assert';
import { inspect, isDeepStrictEqual } from 'node:util';

/** Compares the actual with the expected value; throws if they differ. */
export type AssertEqual = (actual: unknown, expected: unknown) => void;

/** One entry that a marble test compares: a notification, or a subscription. */
interface Frame {
  readonly frame?: number;
  readonly notification?: { readonly kind: string; readonly value?: unknown; readonly error?: unknown };
  readonly subscribedFrame?: number;
  readonly unsubscribedFrame?: number;
}

/**
 * Compares like Node's `deepStrictEqual`, and lists the moments of both sides in its message, in
 * ms:
 *
 *     Expected
 *       3ms: next 'a'
 *       4ms: complete
 *     got
 *       4ms: next 'a'
 *       5ms: complete
 *
 * Throws an `AssertionError` with `actual` and `expected`, which every test runner shows.
 */
export function assertFrames(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const message = `Expected\n${framesText(expected)}\ngot\n${framesText(actual)}`;
  throw new AssertionError({ actual, expected, message, operator: 'assertFrames' });
}

function framesText(side: unknown): string {
  if (!Array.isArray(side)) return `  ${inspect(side)}`;
  return side.length === 0 ? '  nothing' : side.map((one) => `  ${frameText(one)}`).join('\n');
}

function frameText(entry: unknown): string {
  if (typeof entry !== 'object' || entry === null) return inspect(entry);
  const { frame, notification, subscribedFrame, unsubscribedFrame }: Frame = entry;
  if (subscribedFrame !== undefined) {
    const end = unsubscribedFrame === Number.POSITIVE_INFINITY ? 'never' : `at ${unsubscribedFrame}ms`;
    return `subscribed at ${subscribedFrame}ms, unsubscribed ${end}`;
  }
  if (frame === undefined || notification === undefined) return inspect(entry);
  const { kind, value, error } = notification;
  if (kind === 'C') return `${frame}ms: complete`;
  return kind === 'E' ? `${frame}ms: error ${inspect(error)}` : `${frame}ms: next ${inspect(value)}`;
}
