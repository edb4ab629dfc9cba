import type { Prediction } from '../../../types.ts';
import { type Attempt, SKEW_MS } from './attempt.ts';

/** The list of predictions, read once. */
export interface Look {
  /** Time just before it was read, by the local clock, ms since 1970. */
  readonly atMs: number;
  /** Time just after it was read, by the local clock, ms since 1970. */
  readonly readAtMs: number;
  /** The same as time of day: a machine that sleeps may stop the other clock. */
  readonly readWallMs: number;
  /** It covers the time from here on, ms since 1970. */
  readonly sinceMs: number;
  /** Newest first, with their inputs. */
  readonly listed: readonly Prediction[];
  /** True if all of it could be read, back to the oldest lost request. */
  readonly isComplete: boolean;
  /** True if a prediction that is not listed does not exist. */
  readonly isCurrent: boolean;
  /** True if it breaks off, and would do so again. */
  readonly breaksOff?: boolean;
  /** True if there is no list at all. Default false. */
  readonly isAbsent?: boolean;
}

/** The newest prediction of a list: the service's clock was as late when the list was read. */
export interface NewestListed extends Pick<Look, 'readAtMs' | 'readWallMs'> {
  /** Time of its creation, by the service's clock; -Infinity if it is not known. */
  readonly createdMs: number;
}

/**
 * Returns true if a prediction certainly existed before the attempt was sent, by a list that shows
 * a newer one, whatever the service's clock. False for attempts of earlier runs, whose clock may
 * have been set since.
 *
 *     local clock      100 sent          102 the list was read
 *     service's clock                     7 or more: the newest listed was created at 7
 *     so it was sent at 5 or later, and no prediction of before can be its own
 */
export function isOlder(
  { sentAtMs, wallMs, isFromBefore = false }: Attempt,
  { createdAt }: Pick<Prediction, 'createdAt'>,
  { createdMs, readAtMs, readWallMs }: NewestListed,
): boolean {
  const sinceSentMs = Math.max(readAtMs - sentAtMs, readWallMs - wallMs);
  return !isFromBefore && Date.parse(createdAt ?? '') < createdMs - sinceSentMs - SKEW_MS;
}

/** Returns the newest prediction of a look; those that jobs have claimed count, too. */
export function newestIn({ listed, readAtMs, readWallMs }: Look): NewestListed {
  const times = listed.map(({ createdAt }) => Date.parse(createdAt ?? '')).filter(Number.isFinite);
  return { createdMs: Math.max(...times), readAtMs, readWallMs };
}
