import { expect, it } from 'vitest';
import { parsePrediction } from '../../../src/providers/wire/prediction.ts';
import { predictionAnswer } from '../../helpers/localServer.ts';

const bare = {
  id: 'abc',
  model: '',
  version: null,
  status: 'starting',
  input: null,
  output: null,
  outputComplete: false,
  error: null,
  metrics: {},
  dataRemoved: false,
  createdAt: null,
  startedAt: null,
  completedAt: null,
};

it('needs no more than an id and a status: it may be paid', () => {
  expect(parsePrediction({ id: 'abc', status: 'starting' })).toEqual(bare);
});

it.each(Object.keys(predictionAnswer).filter((name) => name !== 'id' && name !== 'status'))(
  'takes one without %s, and with an odd one',
  (name) => {
    const { [name]: _, ...rest }: Record<string, unknown> = predictionAnswer;
    expect(parsePrediction(rest)).toMatchObject({ id: predictionAnswer.id, status: 'succeeded' });
    for (const odd of [7, null, 'x', [], { a: 1 }]) {
      expect(parsePrediction({ ...rest, [name]: odd })).toMatchObject({ id: predictionAnswer.id });
    }
  },
);

it('accepts one with a status that the API does not document: it may be paid', () => {
  expect(parsePrediction({ id: 'abc', status: 'dreaming' })).toEqual({ ...bare, status: 'unknown' });
  const answer = { ...predictionAnswer, status: 'dreaming' };
  expect(parsePrediction(answer, { hasWholeOutput: true }).outputComplete).toBe(false);
});

it.each([
  ['no id', { status: 'starting' }],
  ['an empty id', { id: '', status: 'starting' }],
  ['no status', { id: 'abc' }],
  ['an empty status', { id: 'abc', status: '' }],
  ['an odd status', { id: 'abc', status: 7 }],
  ['no object', []],
])('refuses one with %s', (_name, body) => {
  expect(() => parsePrediction(body)).toThrow();
});

it.each(['succeeded', 'failed', 'canceled', 'aborted', 'starting', 'processing'])(
  'an output of one that is %s is complete if it succeeded, or if a response that was waited for is ahead of its status',
  (status) => {
    const answer = { ...predictionAnswer, status };
    expect(parsePrediction(answer).outputComplete).toBe(status === 'succeeded');
    expect(parsePrediction(answer, { hasWholeOutput: true }).outputComplete).toBe(
      status === 'succeeded' || status === 'processing',
    );
  },
);
