import { describe, expect, it } from 'vitest';
import {
  type Attempt,
  createAttempt,
  type SentRequest,
} from '../../../../src/operators/predictions/lost/attempt.ts';
import { judgeLook, type OpenAttempts } from '../../../../src/operators/predictions/lost/judgeLook.ts';
import type { Look } from '../../../../src/operators/predictions/lost/look.ts';
import { createOwnPredictions } from '../../../../src/operators/predictions/lost/ownPredictions.ts';
import type { Prediction } from '../../../../src/types.ts';
import { aPrediction, aRequest } from '../../../helpers/fakeProvider.ts';

const attemptOf = (
  sentAtMs: number,
  endedAtMs: number | null,
  fields: Partial<SentRequest> = {},
): Attempt => {
  const attempt = createAttempt({ request: aRequest(), sentAtMs, ...fields });
  attempt.endedAtMs = endedAtMs;
  return attempt;
};
const proofSent = (sentAtMs: number) => ({
  sent: { request: aRequest({ input: { prompt: 'proof' } }), sentAtMs },
  prediction: aPrediction({ id: `proof ${sentAtMs}`, input: { prompt: 'proof' } }),
});

/** Judges a look at `atMs` whose list shows a proof that was sent at `proofMs`, besides `listed`. */
function judge(
  attempts: Partial<OpenAttempts>,
  {
    atMs,
    proofMs,
    listed = [],
    ...look
  }: { atMs: number; proofMs: number; listed?: Prediction[] } & Partial<Look>,
) {
  const own = createOwnPredictions();
  const { sent, prediction } = proofSent(proofMs);
  own.note(sent, prediction, proofMs + 10);
  return judgeLook(
    {
      ...{ atMs, readAtMs: atMs, readWallMs: atMs, sinceMs: 0, listed: [prediction, ...listed] },
      ...{ isComplete: true, isCurrent: false, ...look },
    },
    { lost: [], inFlight: [], adopted: [], ...attempts },
    { own, isClaimed: (id) => id.startsWith('proof'), isDisproved: () => false, isLast: () => false },
  );
}

describe('nothing was made', () => {
  it.each([
    ['a minute later, by a prediction sent after it', 60_000, 1, true],
    ['before that', 59_999, 1, false],
    ['by one that was sent before it ended', 60_000, 0, false],
    ['ten minutes later, by the list alone', 600_000, 0, true],
  ])('%s', (_when, atMs, proofMs, isMade) => {
    const lost = attemptOf(0, 0);
    expect(judge({ lost: [lost] }, { atMs, proofMs }).neverMade).toEqual(isMade ? [lost] : []);
  });

  it('by the time of the request if an earlier run sent it, but only by a prediction of this run', () => {
    const lost = attemptOf(0, 70_000, { isFromBefore: true });
    expect(judge({ lost: [lost] }, { atMs: 70_001, proofMs: 70_000 }).neverMade).toEqual([]);
    expect(judge({ lost: [lost] }, { atMs: 70_001, proofMs: 70_001 }).neverMade).toEqual([lost]);
  });

  it('not before the time of an equal request that took a prediction, which may have been the other one', () => {
    const [lost, adopted] = [attemptOf(0, 0), attemptOf(5_000, 5_000)];
    const at = (atMs: number, proofMs: number) =>
      judge({ lost: [lost], adopted: [adopted] }, { atMs, proofMs }).neverMade;
    expect(at(64_999, 6_000)).toEqual([]);
    expect(at(65_000, 5_000)).toEqual([]);
    expect(at(65_000, 5_001)).toEqual([lost]);
    const other = attemptOf(5_000, 5_000, { request: aRequest({ input: { prompt: 'b' } }) });
    const unlike = judge({ lost: [lost], adopted: [other] }, { atMs: 60_000, proofMs: 1 });
    expect(unlike.neverMade).toEqual([lost]);
  });

  it('not while the list takes longer to show predictions of the run', () => {
    const own = createOwnPredictions();
    const [shown, hidden] = [proofSent(1), proofSent(100)];
    own.note(shown.sent, shown.prediction, 10);
    own.note(hidden.sent, hidden.prediction, 200);
    own.see(new Set([shown.prediction.id]), { sentAtMs: 0, lookedAtMs: 60_100 });
    expect(own.longestLagMs).toBe(60_000);
    const lost = attemptOf(0, 0);
    const at = (atMs: number) =>
      judgeLook(
        {
          ...{ atMs, readAtMs: atMs, readWallMs: atMs, sinceMs: 0, listed: [shown.prediction] },
          ...{ isComplete: true, isCurrent: false },
        },
        { lost: [lost], inFlight: [], adopted: [] },
        { own, isClaimed: () => true, isDisproved: () => false, isLast: () => false },
      ).neverMade;
    // 1.25 times the lag, after 30 s in which it may have been made late.
    expect(at(104_999)).toEqual([]);
    expect(at(105_000)).toEqual([lost]);
  });

  it('not if a part of the list is missing', () => {
    expect(
      judge({ lost: [attemptOf(0, 0)] }, { atMs: 90_000, proofMs: 4_000, isComplete: false }).neverMade,
    ).toEqual([]);
  });
});

describe('a prediction goes', () => {
  it('to the request that it equals, not to one that it contains', () => {
    const [less, more] = [
      attemptOf(0, 0),
      attemptOf(1, 1, { request: aRequest({ input: { prompt: 'a cat', seed: 1, go: true } }) }),
    ];
    const shown = aPrediction({ id: 'shown', input: { prompt: 'a cat', seed: 1, go: true } });
    const look = { atMs: 9, proofMs: 0, listed: [shown] };
    expect([...judge({ lost: [less, more] }, look).found.keys()]).toEqual([more]);
    expect(
      judge({ lost: [less], inFlight: [attemptOf(1, null, { request: more.request })] }, look).found.size,
    ).toBe(0);
    expect([...judge({ lost: [less] }, look).found.keys()]).toEqual([less]);
  });

  it('to the oldest of equal requests, the oldest first', () => {
    const [early, late] = [attemptOf(0, 0), attemptOf(5, 5)];
    const [newer, older] = [aPrediction({ id: 'newer' }), aPrediction({ id: 'older' })];
    const { found } = judge({ lost: [late, early] }, { atMs: 9, proofMs: 0, listed: [newer, older] });
    expect([found.get(early)?.id, found.get(late)?.id]).toEqual(['older', 'newer']);
  });

  it('to no request if it is only near, unless it shows the limit of the attempt', () => {
    const limit = { createdAt: '2026-01-01T00:00:00.5Z', deadline: '2026-01-01T00:10:40.5Z' };
    const near = aPrediction({ id: 'near', input: { prompt: 'a cat' }, ...limit });
    const look = { atMs: 90_000, proofMs: 4_000, listed: [near] };
    expect(judge({ lost: [attemptOf(0, 0)] }, look)).toMatchObject({ neverMade: [] });
    expect(judge({ lost: [attemptOf(0, 0)] }, look).found.size).toBe(0);
    expect(judge({ lost: [attemptOf(0, 0, { cancelAfterMs: 640_000 })] }, look).found.size).toBe(1);
  });
});

describe('while the clock of the service is not known', () => {
  /** Judges a list of one prediction, and a newer one of another job, which was created at `newestMs`. */
  const taken = (createdMs: number, sent: Partial<SentRequest> = {}, look: Partial<Look> = {}) => {
    const at = (ms: number) => new Date(ms).toISOString();
    const newest = aPrediction({ id: 'newest', createdAt: at(1_000_000), input: { prompt: 'another' } });
    const shown = aPrediction({ ...aRequest(), id: 'shown', createdAt: at(createdMs) });
    const { found } = judgeLook(
      {
        ...{ atMs: 5_000, readAtMs: 6_000, readWallMs: 6_000, sinceMs: 0, listed: [newest, shown] },
        ...{ isComplete: true, isCurrent: false, ...look },
      },
      { lost: [attemptOf(4_000, 4_500, sent)], inFlight: [], adopted: [] },
      {
        own: createOwnPredictions(),
        ...{ isClaimed: (id) => id === 'newest', isDisproved: () => false, isLast: () => false },
      },
    );
    return [...found.values()].map(({ id }) => id);
  };

  // When the list was read it was 1,000,000 or later there, so 998,000 when the request was sent.
  it('takes no prediction that existed before, by a newer one', () => {
    expect(taken(967_999)).toEqual([]);
    expect(taken(968_000)).toEqual(['shown']);
  });

  it('does so if the machine has slept meanwhile', () => {
    expect(taken(967_999, {}, { readWallMs: 3_606_000 })).toEqual(['shown']);
  });

  it('takes one for a request of an earlier run, whose clock may have been set since', () => {
    expect(taken(900_000, { isFromBefore: true })).toEqual(['shown']);
  });
});
