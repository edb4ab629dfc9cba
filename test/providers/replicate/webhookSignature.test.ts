import { expect, it } from 'vitest';
import { webhookSignature } from '../../../src/providers/replicate/webhookSecret.ts';

it('signs the example of Standard Webhooks as other libraries do', () => {
  const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  const example = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: '1614265330',
    body: '{"test": 2432232314}',
  };
  const right = 'g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  expect(webhookSignature(example, key).toString('base64')).toBe(right);
  expect(webhookSignature({ ...example, body: Buffer.from(example.body) }, key).toString('base64')).toBe(
    right,
  );
});
