import { expect, it } from 'vitest';
import { readSettings } from '../../../src/simulator/engine/config.ts';

it('adds the defaults', () => {
  expect(readSettings({})).toMatchObject({
    port: 0,
    speed: 1,
    slots: 64,
    render: 'full',
    createPerMinute: 600,
    createBurst: 600,
    rateLimitHeaders: true,
    creditUsd: Number.POSITIVE_INFINITY,
    outputLifetimeMs: 3_600_000,
    token: expect.stringMatching(/^r8_simulator/),
  });
  expect(readSettings({ createPerMinute: 120 }).createBurst).toBe(120);
});

it.each([
  [{ port: 70_000 }, 'Expected `port` to be a whole number from 0 to 65535, got 70000'],
  [{ speed: 0 }, 'Expected `speed` to be a number above 0, got 0'],
  [{ speed: Number.NaN }, 'Expected `speed` to be a number above 0, got NaN'],
  [{ slots: 0.5 }, 'Expected `slots` to be a whole number of 1 or more, got 0.5'],
  [{ sigma: -1 }, 'Expected `sigma` to be a number of 0 or more, got -1'],
  [{ medianMs: Number.POSITIVE_INFINITY }, 'Expected `medianMs` to be a number of 0 or more, got Infinity'],
  [{ coldStarts: 2 }, 'Expected `coldStarts` to be a number from 0 to 1, got 2'],
  [{ earlyOutputRate: -0.1 }, 'Expected `earlyOutputRate` to be a number from 0 to 1, got -0.1'],
  [
    { faults: { predictionFailureRate: 3 } },
    'Expected `faults.predictionFailureRate` to be a number from 0 to 1',
  ],
  [{ durations: { 'no/body': {} } }, 'to be models of the simulator, got no/body'],
  [{ token: 'a secret' }, 'Expected `token` to be a text without spaces'],
])('refuses %o', (config, message) => {
  expect(() => readSettings(config)).toThrow(message);
  expect(() => readSettings(config)).not.toThrow('a secret');
});
