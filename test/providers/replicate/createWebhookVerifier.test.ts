import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { createWebhookVerifier } from '../../../src/providers/replicate/webhookSecret.ts';

const SENT_AT_MS = 1_614_265_330_000;
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = Buffer.from('{"test": 2432232314}');
const right = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const headers = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': right,
};
const verifierAt = (nowMs: number) =>
  createWebhookVerifier({ secret, toleranceMs: 300_000, now: () => nowMs });
const verifier = verifierAt(SENT_AT_MS);

it('knows the example of Standard Webhooks', () => {
  expect(verifier.isPlausible(headers)).toBe(true);
  expect(verifier.isGenuine(headers, body)).toBe(true);
});

it('accepts a webhook with several signatures if one of them is right', () => {
  const other = `v1,${Buffer.alloc(32).toString('base64')}`;
  const signedBy = (...signatures: string[]) =>
    verifier.isGenuine({ ...headers, 'webhook-signature': signatures.join(' ') }, body);
  expect(signedBy(other, right)).toBe(true);
  expect(signedBy('v1a,xyz', right)).toBe(true);
  expect(signedBy(other, other)).toBe(false);
});

it.each([
  ['another id', { ...headers, 'webhook-id': 'msg_other' }, body],
  ['another time', { ...headers, 'webhook-timestamp': '1614265331' }, body],
  ['another body', headers, Buffer.from('{"test": 2432232315}')],
  ['a body that was serialized again', headers, Buffer.from('{"test":2432232314}')],
  ['no body', headers, Buffer.alloc(0)],
  ['half a signature', { ...headers, 'webhook-signature': right.slice(0, 20) }, body],
  ['an empty signature', { ...headers, 'webhook-signature': 'v1,' }, body],
  ['another version', { ...headers, 'webhook-signature': right.replace('v1', 'v2') }, body],
])('refuses %s', (_name, changed, sent) => {
  expect(verifier.isGenuine(changed, sent)).toBe(false);
});

it.each([
  [0, true],
  [300_000, true],
  [-300_000, true],
  [301_000, false],
  [-301_000, false],
])('at a clock %i ms off, a webhook is of our time: %s', (offMs, isPlausible) => {
  expect(verifierAt(SENT_AT_MS + offMs).isPlausible(headers)).toBe(isPlausible);
});

it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('needs the header %s', (name) => {
  expect(verifier.isPlausible({ ...headers, [name]: undefined })).toBe(false);
  expect(verifier.isPlausible({ ...headers, [name]: '' })).toBe(false);
});

it.each(['1e9', '-1614265330', '0x6037c1f2', ' ', 'now'])('does not take %j for a time', (timestamp) => {
  expect(verifier.isPlausible({ ...headers, 'webhook-timestamp': timestamp })).toBe(false);
});

it.each(['', 'whsec_', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_not base64'])(
  'does not take %j for a secret, and does not repeat it',
  (wrong) => {
    const make = () => createWebhookVerifier({ secret: wrong, toleranceMs: 1, now: Date.now });
    expect(make).toThrow(UsageError);
    expect(make).toThrow('Expected `secret` to be whsec_ and base64, got something else');
  },
);
