import { TestScheduler } from 'rxjs/testing';
import { type AssertEqual, assertFrames } from './assertFrames.ts';
import type { Pull, PullRecord } from './countPulls.ts';

/** The expectations of a source that was pulled; absent ones are not checked. */
export interface ExpectedPulls<T> {
  /** Items taken so far. */
  readonly pulled?: number;
  /**
   * The most items that were taken and not finished at any time: exactly so many ahead, neither
   * more nor fewer. The test reports when one is finished: `tap({ complete: source.finish })`.
   */
  readonly ahead?: number;
  /** The items taken, in the order in which they were. */
  readonly order?: readonly T[];
  /** True if the source was closed before its end; false if not. */
  readonly returned?: boolean;
  /**
   * A marble diagram of the pulls: a letter for each item, `|` where the source was asked and had
   * nothing left, `!` where it was closed before its end.
   */
  readonly frames?: string;
  /**
   * The items behind the letters of `frames`. Default: texts of one character stand for themselves,
   * and other items are `a`, `b`, `c`, … in the order in which they were taken.
   */
  readonly values?: Readonly<Record<string, T>>;
}

export interface ExpectPullsConfig {
  /** Compares two values. Default: as Node's `deepStrictEqual`. */
  assertEqual?: AssertEqual;
}

/**
 * Asserts the requests to a source made by `countPulls`: how many items ahead, in which order, at
 * which moments. Compares at once: call it after `flush()` in a marble test, or after the pipeline
 * has ended.
 *
 *     const source = countPulls(['a', 'b', 'c']);
 *     const finish = tap({ complete: source.finish });
 *     const work = (name) => cold('----(x|)', { x: name }).pipe(finish);
 *     pulls                       (ab)(c|)
 *     pullMap({concurrency: 2})   ----(ab)(c|)
 *     expectPulls(source, { ahead: 2, frames: '(ab)(c|)' });
 *
 * Throws an `AssertionError` by default.
 */
export function expectPulls<T>(
  source: PullRecord<T>,
  expected: ExpectedPulls<T>,
  { assertEqual = assertFrames }: ExpectPullsConfig = {},
): void {
  const { frames, values, ...counts } = expected;
  const items = itemsOf(source.pulls);
  const seen: ExpectedPulls<T> = {
    pulled: items.length,
    ahead: source.mostAhead,
    order: items,
    returned: source.pulls.some(({ type }) => type === 'return'),
  };
  const names = Object.keys(counts) as (keyof typeof counts)[];
  assertEqual(Object.fromEntries(names.map((name) => [name, seen[name]])), counts);
  if (frames !== undefined) assertEqual(messagesOf(source.pulls, values), parse(frames, values));
}

function itemsOf<T>(pulls: readonly Pull<T>[]): T[] {
  return pulls.flatMap(({ type, item }) => (type === 'item' ? [item as T] : []));
}

/** A moment of a diagram, in the shape that `assertFrames` shows. */
interface Message {
  readonly frame: number;
  readonly notification: { readonly kind: string; readonly value?: unknown; readonly error?: unknown };
}

const closed = 'closed before its end';

function parse<T>(frames: string, values: Readonly<Record<string, T>> | undefined): Message[] {
  const messages = TestScheduler.parseMarbles(frames.replaceAll('!', '#'), values, closed, false, true);
  return messages.map(({ frame, notification }) => ({ frame, notification }) as Message);
}

function messagesOf<T>(
  pulls: readonly Pull<T>[],
  values: Readonly<Record<string, T>> | undefined,
): Message[] {
  let taken = 0;
  return pulls.map(({ type, atMs: frame, item }) => {
    if (type === 'end') return { frame, notification: { kind: 'C', value: undefined, error: undefined } };
    if (type === 'return') return { frame, notification: { kind: 'E', value: undefined, error: closed } };
    const letter = String.fromCharCode('a'.charCodeAt(0) + taken++);
    const isLetter = typeof item === 'string' && item.length === 1;
    const value = values !== undefined || isLetter ? item : letter;
    return { frame, notification: { kind: 'N', value, error: undefined } };
  });
}
