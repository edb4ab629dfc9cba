import { describe, expect, it } from 'vitest';
import {
  hideInError,
  hideInPrediction,
  hideSecrets,
  revealSecrets,
  SECRET,
} from '../../src/base/secretInputs.ts';
import { ProviderError, UsageError } from '../../src/errors.ts';
import { planLine } from '../../src/sinks/manifest/storedPlans.ts';
import { checkInput } from '../../src/sources/modelInputs/checkInput.ts';
import { requestKey } from '../../src/sources/planning/requestKey.ts';
import type { ModelSchema } from '../../src/types.ts';
import { aPrediction } from '../helpers/fakeProvider.ts';
import { aPlan } from '../helpers/runOf.ts';

const schema: ModelSchema = {
  properties: {
    prompt: { type: 'string', isSecret: true },
    token: { type: 'string', isSecret: true, minLength: 5 },
    keys: { type: 'array', items: { type: 'string', isSecret: true } },
    steps: { type: 'integer' },
  },
  required: [],
};
const whole = { prompt: 'a fig', token: 'fig-9a71', keys: ['one-key', 'two-key'], steps: 4 };

describe('hideSecrets', () => {
  it('hides all but the prompt, and the request gets the values back', () => {
    const { input, secrets } = hideSecrets(whole, schema);
    expect(input).toEqual({ ...whole, token: SECRET, keys: SECRET });
    const request = { model: 'a/b', version: null, input };
    expect(revealSecrets(request, secrets).input).toEqual(whole);
    expect(() => revealSecrets(request)).toThrow('The value of `token`, `keys` is secret');
  });

  it('leaves inputs without a value, and those of models without a schema', () => {
    const empty = { prompt: 'a fig', token: '', keys: null };
    expect(hideSecrets(empty, schema)).toEqual({ input: empty });
    expect(hideSecrets(whole, null)).toEqual({ input: whole });
  });

  it('gives requests that differ only in a secret the same key', () => {
    const keyOf = (token: string) => {
      const { input } = hideSecrets({ ...whole, token }, schema);
      return requestKey({ model: 'a/b', version: null, input });
    };
    expect(keyOf('fig-9a71')).toBe(keyOf('fig-0000'));
  });

  it('asks for the value if it got the placeholder of a secret', () => {
    const { input, secrets } = hideSecrets({ prompt: 'a fig', token: SECRET }, schema);
    const request = { model: 'a/b', version: null, input };
    expect(() => revealSecrets(request, secrets)).toThrow(UsageError);
  });

  it('is not undone by JSON', () => {
    const { input, ...secrets } = hideSecrets(whole, schema);
    expect(planLine({ ...aPlan(0, { input }), ...secrets })).not.toMatch(/fig-9a71|one-key/);
  });
});

describe('texts that quote a secret', () => {
  const { input, secrets } = hideSecrets(whole, schema);

  it('are cleaned in errors of a service', () => {
    const error = new UsageError('fig-9a71 is no token', { suggestion: 'Renew fig-9a71.' });
    expect(hideInError(error, secrets)).toMatchObject({
      message: '[secret] is no token',
      suggestion: 'Renew [secret].',
    });
  });

  it('are cleaned in the reason of a service, which is shown alone', () => {
    const error = new ProviderError('ERR_THROTTLED', 'fig-9a71', { reason: 'fig-9a71 has no credit' });
    expect(hideInError(error, secrets)).toMatchObject({ reason: '[secret] has no credit' });
  });

  it('are cleaned in predictions, with the value as the service shows it', () => {
    const prediction = aPrediction({ status: 'failed', input: whole, error: 'fig-9a71 is no token' });
    // As for `collect`, which does not know the values.
    const hidden = hideInPrediction(prediction, input);
    expect(hidden).toMatchObject({ error: '[secret] is no token', input });
  });

  it('do not stand in the check of inputs', () => {
    const check = () => checkInput('token', 'abc', schema.properties.token ?? { type: null });
    expect(check).toThrow('got [secret]');
    expect(check).not.toThrow('abc');
  });
});
