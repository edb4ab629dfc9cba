import { describe, expect, it } from 'vitest';
import { createClaims } from '../../../src/operators/predictions/claims.ts';
import type { SentRequest } from '../../../src/operators/predictions/lost/attempt.ts';
import { createSurplus } from '../../../src/operators/predictions/surplus.ts';
import type { Prediction } from '../../../src/types.ts';
import { aPrediction, aRequest } from '../../helpers/fakeProvider.ts';

const at = (ms: number) => new Date(3_600_000 + ms).toISOString();
const sent = (fields: Partial<SentRequest> = {}): SentRequest => ({
  request: aRequest(),
  sentAtMs: 1_000,
  ...fields,
});
/** A run that began at 1,000 by a clock that is an hour behind the service's. */
function aRun({
  claimed = [] as string[],
  limit = null as boolean | null,
  webhook = null as boolean | null,
} = {}) {
  const claims = createClaims(claimed);
  const surplus = createSurplus({
    isClaimed: claims.has,
    sinceMs: 1_000,
    offset: () => ({ leastMs: 3_600_000, mostMs: 3_600_100 }),
    shows: () => ({ limit, webhook }),
  });
  const idsOf = (...listed: Prediction[]) => {
    for (const prediction of listed) surplus.see(prediction);
    return surplus.result().map(({ id }) => id);
  };
  return { surplus, claims, idsOf };
}
const mine = (id: string, fields: Partial<Prediction> = {}) =>
  aPrediction({ id, createdAt: at(2_000), ...fields });
const withLimit = (seconds: number) => ({ createdAt: at(2_000), deadline: at(2_000 + seconds * 1_000) });

it('asks for a prediction again only if the list leaves out its input', () => {
  const { surplus } = aRun({ claimed: ['mine'] });
  surplus.sent(sent());
  const seen = [
    mine('whole'),
    mine('hidden', { input: null }),
    mine('deleted', { input: null, dataRemoved: true }),
    mine('mine', { input: null }),
    mine('old', { input: null, createdAt: at(-60_000) }),
  ].map((prediction) => surplus.see(prediction));
  expect(seen).toEqual([true, false, true, true, true]);
});

describe('counts, of earlier runs,', () => {
  it('predictions of their requests since the first of them', () => {
    const { surplus, idsOf } = aRun();
    const before = { createdAt: at(-60_000) };
    expect(idsOf(mine('before', before))).toEqual([]);
    surplus.sent(sent({ sentAtMs: -60_500 }));
    expect(idsOf(mine('before', before), mine('long before', { createdAt: at(-90_000) }))).toEqual([
      'before',
    ]);
  });
  it('the prediction of a job that was dropped, though its id is claimed', () => {
    const { surplus, idsOf } = aRun({ claimed: ['mine', 'dropped'] });
    surplus.drop('dropped');
    expect(idsOf(mine('mine'), mine('dropped', { input: null }))).toEqual(['dropped']);
  });
  it('the late prediction of a request that its job has given up', () => {
    const { surplus, idsOf } = aRun();
    const request = sent();
    surplus.sent(request);
    // Two rounds may end without a proof.
    surplus.left(request);
    surplus.left(request);
    expect(idsOf(mine('late'))).toEqual([]);
    surplus.settled(request);
    expect(idsOf()).toEqual(['late']);
  });
});

describe('counts', () => {
  it('predictions of the run that no job has, oldest first, once', () => {
    const { surplus, idsOf } = aRun({ claimed: ['claimed'] });
    surplus.sent(sent());
    const [newer, older] = [mine('newer', { createdAt: at(3_000) }), mine('older')];
    expect(idsOf(mine('claimed'), newer, older, newer)).toEqual(['older', 'newer']);
  });

  it('predictions that the service shows in its own spelling, with defaults filled in', () => {
    const { surplus, idsOf } = aRun();
    surplus.sent(sent({ request: aRequest({ model: 'Owner/Name', input: { prompt: ' a cat', seed: 1 } }) }));
    expect(idsOf(mine('p', { input: { prompt: 'a cat', seed: '1', go_fast: true } }))).toEqual(['p']);
  });

  it('a prediction that was sent without a seed and is shown with one', () => {
    const { surplus, idsOf } = aRun();
    surplus.sent(sent({ request: aRequest({ input: { prompt: 'a cat' } }) }));
    expect(idsOf(mine('p', { input: { prompt: 'a cat', seed: 77 } }))).toEqual(['p']);
  });

  it('predictions without a prompt, by all of their inputs', () => {
    const { surplus, idsOf } = aRun();
    surplus.sent(sent({ request: aRequest({ input: { image: 'a', scale: 2 } }) }));
    const [same, other] = [
      { scale: 2, image: 'a' },
      { scale: 3, image: 'a' },
    ];
    expect(idsOf(mine('same', { input: same }), mine('other', { input: other }))).toEqual(['same']);
  });
});

describe('does not count', () => {
  it('other models, prompts and seeds, and predictions from before the run', () => {
    const { surplus, idsOf } = aRun();
    surplus.sent(sent());
    const others = [
      mine('model', { model: 'owner/other' }),
      mine('prompt', { input: { prompt: 'a dog', seed: 1 } }),
      mine('seed', { input: { prompt: 'a cat', seed: 2 } }),
      mine('before', { createdAt: at(-2_000) }),
      mine('unknown', { input: null }),
    ];
    expect(idsOf(...others)).toEqual([]);
  });

  it('a prediction that a job claims before the result is read', () => {
    const { surplus, claims, idsOf } = aRun();
    surplus.sent(sent());
    expect(idsOf(mine('late'))).toEqual(['late']);
    claims.know(['late']);
    expect(idsOf()).toEqual([]);
  });

  it('as many as are still those of lost requests', () => {
    const { surplus, idsOf } = aRun();
    surplus.sent(sent());
    surplus.sent(sent());
    surplus.left(sent());
    expect(idsOf(mine('lost'), mine('twice', { createdAt: at(2_500) }))).toEqual(['twice']);
  });

  it('those of another run with the same prompts, if the service shows the limits of requests', () => {
    const { surplus, idsOf } = aRun({ limit: true });
    surplus.sent(sent({ cancelAfterMs: 640_000 }));
    expect(idsOf(mine('mine', withLimit(640)), mine('theirs', withLimit(701)))).toEqual(['mine']);
  });

  it('those of another run, if the service shows the webhooks of requests', () => {
    const { surplus, idsOf } = aRun({ webhook: true });
    surplus.sent(sent({ webhookUrl: 'https://hooks.example/?attempt=a' }));
    const listed = ['a', 'b'].map((id) => mine(id, { webhook: `https://hooks.example/?attempt=${id}` }));
    expect(idsOf(...listed)).toEqual(['a']);
  });
});
