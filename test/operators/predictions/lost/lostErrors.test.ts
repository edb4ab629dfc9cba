import { expect, it } from 'vitest';
import { ProviderError, StorageError } from '../../../../src/errors.ts';
import { createAttempt } from '../../../../src/operators/predictions/lost/attempt.ts';
import {
  expectOwnResponse,
  isFaultOfService,
  isLost,
  isUncertain,
  notMade,
  takenByAnother,
  uncertain,
  unread,
} from '../../../../src/operators/predictions/lost/lostErrors.ts';
import type { Prediction } from '../../../../src/types.ts';
import { aPrediction, aRequest } from '../../../helpers/fakeProvider.ts';

function errorOf(task: () => void): unknown {
  try {
    task();
    return null;
  } catch (error) {
    return error;
  }
}

const unknown = { tookEffect: 'unknown', recoverable: true } as const;
const reset = new ProviderError('ERR_CONNECTION_LOST', 'The connection was lost.', unknown);
const fault = new ProviderError('ERR_SERVICE', 'The service has failed.', { ...unknown, status: 502 });

it('a create request is lost if its effect is unknown, unless the run stops', () => {
  const stops = new ProviderError('ERR_NO_CREDIT', 'no', { ...unknown, stopsRun: true });
  const refused = new ProviderError('ERR_INVALID_INPUT', 'no', { status: 422 });
  expect([reset, fault, stops, refused, 'odd'].map(isLost)).toEqual([true, true, false, false, false]);
});

const asked = aRequest({ version: 'a'.repeat(64), input: { prompt: 'a fox' } });

it.each([
  [{ model: 'other/model' }, 'other/model'],
  [{ version: 'b'.repeat(64) }, 'another version'],
  [{ input: { prompt: 'an owl' } }, 'another prompt'],
  [{ input: null, output: null, dataRemoved: true }, 'another time'],
  [{}, 'another time', 'time'],
  [{}, 'another attempt', 'attempt'],
])('names the difference of a response about another request: %j', (shown, got, other?: string) => {
  const attempt = createAttempt({ request: asked, sentAtMs: 3_600_000 });
  const prediction = aPrediction({ ...asked, id: 'p1', ...shown });
  const error = errorOf(() =>
    expectOwnResponse(attempt, prediction, (other ?? null) as 'time' | 'attempt' | null),
  );
  expect(error).toMatchObject({
    code: 'ERR_WRONG_RESPONSE',
    message: `Expected a response about the request sent to owner/name, got one about ${got}`,
  });
  expect([isLost(error), attempt.answeredId]).toEqual([true, 'p1']);
});

it('takes a response that shows the request, or hides its input', () => {
  const attempt = createAttempt({ request: asked, sentAtMs: 0 });
  const errorFor = (shown: Partial<Prediction>) =>
    errorOf(() => expectOwnResponse(attempt, aPrediction({ ...asked, ...shown }), null));
  expect(errorFor({})).toBeNull();
  expect(errorFor({ input: null })).toBeNull();
});

it('a prediction that another job has taken leaves the request open', () => {
  const error = takenByAnother(aPrediction({ id: 'p1' }));
  expect([error.message, isLost(error)]).toEqual(['Prediction p1 belongs to another job', true]);
});

it('reports why nothing is proved, and never treats that as a refusal', () => {
  const down = new ProviderError('ERR_SERVICE', 'down', { status: 503, recoverable: true });
  const found = unread(down);
  expect(isUncertain(found)).toBe(true);
  expect(found).toMatchObject({ cause: down, tookEffect: 'unknown' });
  expect(String(found)).toContain('The list of predictions cannot be read: down.');
  expect(uncertain(null).message).not.toContain('cannot be read');
});

it('ends the run by an error of the list that concerns all calls, with the request still open', () => {
  const credit = { status: 402, stopsRun: true } as const;
  const error = unread(new ProviderError('ERR_NO_CREDIT', 'No credit is left.', credit));
  expect(error).toMatchObject({
    code: 'ERR_NO_CREDIT',
    message:
      'No credit is left. The result of a create request is unknown until the list of predictions can be read',
    stopsRun: true,
    tookEffect: 'unknown',
  });
});

it('waits for a machine without file handles, and passes on errors that no call has', () => {
  const handles = new StorageError('ERR_TOO_MANY_FILES', 'full', { recoverable: true });
  const odd = new TypeError('odd');
  expect([isUncertain(unread(handles)), unread(odd)]).toEqual([true, odd]);
});

it('a request that made nothing has the error of the service if there is one', () => {
  expect(notMade(fault)).toMatchObject({ code: 'ERR_SERVICE', status: 502, tookEffect: 'no', cause: fault });
  expect(notMade(reset)).toMatchObject({ code: 'ERR_NOT_CREATED', tookEffect: 'no', cause: reset });
  // Only the former was an attempt.
  expect([notMade(fault), notMade(reset), fault].map(isFaultOfService)).toEqual([true, false, false]);
});
