import { Subscriber } from 'rxjs';
import { expect, it } from 'vitest';
import { createAttempt } from '../../../../src/operators/predictions/lost/attempt.ts';
import {
  beginSearch,
  hurrySearch,
  isLastLook,
  nextTurn,
  noteLook,
  type Search,
} from '../../../../src/operators/predictions/lost/searches.ts';
import { aRequest } from '../../../helpers/fakeProvider.ts';

const none: Search['outage'] = { awayMs: () => 0, wasAway: () => false, mayBeAway: () => false };
const aSearch = (isAtRest = () => false, outage = none, lookForMs = 120_000): Search =>
  beginSearch(
    {
      attempt: createAttempt({ request: aRequest(), sentAtMs: 0 }),
      subscriber: new Subscriber(),
      isAtRest,
      lookForMs,
      outage,
    },
    0,
  );

/** Lets time pass until the last look; returns the moments of all looks, in seconds. */
function looksOf(search: Search, untilMs = 3_600_000): number[] {
  const looks: number[] = [];
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  for (let nowMs = 0; nowMs < untilMs; ) {
    const { afterMs, isLook } = nextTurn([search], nowMs, lookedAtMs);
    nowMs += afterMs;
    if (!isLook) continue;
    lookedAtMs = nowMs;
    looks.push(nowMs / 1_000);
    if (isLastLook(search, nowMs)) break;
    noteLook(search, nowMs);
  }
  return looks;
}

it('looks ever more rarely: every half minute until the deadline, every five minutes after it', () => {
  expect(looksOf(aSearch())).toEqual([0, 2, 6, 14, 30, 60, 90, 120, 150, 210, 330, 570, 600]);
});

it('looks for the last time once nothing has been in flight for two seconds at the deadline', () => {
  expect(looksOf(aSearch(() => true))).toEqual([0, 2, 6, 14, 30, 60, 90, 120, 122]);
});

it('continues beyond that while a response in flight may prove more', () => {
  const search = aSearch();
  search.isAwaiting = true;
  expect(looksOf(search, 1_000_000)).toEqual([0, 2, 6, 14, 30, 60, 90, 120, 150, 210, 330, 570, 870]);
  const rested = aSearch(() => true);
  rested.isAwaiting = true;
  expect(looksOf(rested).at(-1)).toBe(122);
});

it('ends after three more looks if it is hurried', () => {
  const search = aSearch();
  hurrySearch(search, 0);
  expect(looksOf(search)).toEqual([0, 2, 6]);
});

it('does not count the time of an outage, and continues until the list must show predictions lost in it', () => {
  const awayMs = (sinceMs: number) => 90_000 - sinceMs;
  const [yes, no] = [() => true, () => false];
  const lastOf = (outage: Partial<Search['outage']>, lookForMs?: number) =>
    looksOf(aSearch(yes, { ...none, awayMs, ...outage }, lookForMs)).at(-1);
  expect(lastOf({})).toBe(212); // 120 + 90 + 2
  expect(lastOf({ wasAway: yes })).toBe(600);
  expect(lastOf({ mayBeAway: yes })).toBe(600);
  // Asked to end soon, it waits only for an outage that is sure.
  expect(lastOf({ mayBeAway: yes }, 10_000)).toBe(102); // 10 + 90 + 2
  expect(lastOf({ wasAway: yes, mayBeAway: no }, 10_000)).toBe(600);
  const hurried = aSearch(yes, { awayMs, wasAway: yes, mayBeAway: yes });
  hurrySearch(hurried, 0);
  expect(looksOf(hurried)).toEqual([0, 2, 6]);
});
