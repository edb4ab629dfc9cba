import { describe, expect, it } from 'vitest';
import { createAttempt, type SentRequest } from '../../../../src/operators/predictions/lost/attempt.ts';
import { createEarlyLook } from '../../../../src/operators/predictions/lost/earlyLook.ts';
import type { Look } from '../../../../src/operators/predictions/lost/look.ts';
import type { Prediction } from '../../../../src/types.ts';
import { aPrediction, aRequest } from '../../../helpers/fakeProvider.ts';

const isClaimed = (id: string) => id === 'claimed';
const attempt = (sent: Partial<SentRequest> = {}) =>
  createAttempt({ request: aRequest(), sentAtMs: 0, isFromBefore: true, ...sent });
const lookAt = (atMs: number, listed: Prediction[] = [], look: Partial<Look> = {}): Look => ({
  ...{ atMs, readAtMs: atMs, readWallMs: atMs, sinceMs: 0, listed, isComplete: true, isCurrent: false },
  ...look,
});
const shownBy = (look: Look) => {
  const early = createEarlyLook();
  early.note(look);
  return early;
};
const own = aPrediction(aRequest());
const another = aPrediction({ id: 'another', input: { prompt: 'another' } });

describe('createEarlyLook', () => {
  it.each([
    ['no prediction could be its own', lookAt(600_000, [another]), true],
    ['it was not ten minutes old', lookAt(599_999, [another]), false],
    ['a prediction may be its own', lookAt(600_000, [another, own]), false],
    ['one whose input is unknown may be', lookAt(600_000, [{ ...own, input: null }]), false],
    ['such a one belongs to a job', lookAt(600_000, [{ ...own, id: 'claimed', input: null }]), true],
    ['one that belongs to a job is equal', lookAt(600_000, [{ ...own, id: 'claimed' }]), false],
    ['the list was read in part', lookAt(600_000, [], { isComplete: false }), false],
    ['the list was read for later requests', lookAt(600_000, [], { sinceMs: 1 }), false],
    ['the list is very long', lookAt(600_000, Array(2_001).fill(another)), false],
  ])('judges a request: %s', (_what, look, isDisproved) => {
    expect(shownBy(look).disproves(attempt(), isClaimed)).toBe(isDisproved);
  });

  it('does not count a claim that was given up since, as that of a worker that died', () => {
    const early = shownBy(lookAt(600_000, [{ ...own, id: 'claimed', input: null }]));
    expect(early.disproves(attempt(), () => false)).toBe(false);
  });

  it('does not judge one that may have been sent earlier, or that a response has named', () => {
    const early = shownBy(lookAt(600_000));
    expect(early.disproves(attempt({ notBeforeMs: -1 }), isClaimed)).toBe(false);
    expect(early.disproves(Object.assign(attempt(), { answeredId: 'p1' }), isClaimed)).toBe(false);
  });

  it('counts the age of a request of this run from its end', () => {
    const early = shownBy(lookAt(600_000));
    const ended = (endedAtMs: number) =>
      early.disproves(Object.assign(attempt({ isFromBefore: false }), { endedAtMs }), isClaimed);
    expect([ended(0), ended(1)]).toEqual([true, false]);
  });

  it('knows nothing before the first look, and once it is cleared', () => {
    const early = createEarlyLook();
    expect(early.disproves(attempt(), isClaimed)).toBe(false);
    early.note(lookAt(600_000));
    early.clear();
    expect(early.disproves(attempt(), isClaimed)).toBe(false);
  });
});
