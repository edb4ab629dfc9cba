import { expect, it } from 'vitest';
import { chooseService } from '../../../src/cli/batch/service.ts';
import { emptyFlags } from '../../../src/cli/flags/flags.ts';

const nothing = { token: null, baseUrl: null, noColor: false };

it('uses the simulator if the flags ask for it, with any environment', () => {
  const environment = { ...nothing, token: 't', baseUrl: 'http://b' };
  expect(chooseService({ ...emptyFlags, simulateSpeed: 5 }, environment)).toEqual({
    kind: 'simulator',
    speed: 5,
    chaos: null,
  });
});

it('takes the API with the flag before the variable', () => {
  const environment = { ...nothing, token: 't', baseUrl: 'http://env' };
  expect(chooseService(emptyFlags, environment)).toEqual({ kind: 'api', token: 't', baseUrl: 'http://env' });
  expect(chooseService({ ...emptyFlags, baseUrl: 'http://flag' }, environment)).toMatchObject({
    baseUrl: 'http://flag',
  });
  expect(chooseService(emptyFlags, { ...nothing, token: 't' })).toMatchObject({ baseUrl: null });
});

it('names both ways out if there is no token', () => {
  expect(() => chooseService(emptyFlags, nothing)).toThrow(/set REPLICATE_API_TOKEN, or add --simulate/);
  expect(() => chooseService(emptyFlags, nothing, false)).toThrow(/set REPLICATE_API_TOKEN\.$/);
});

it('needs no token for a dry run, but with another API', () => {
  const dry = { ...emptyFlags, dryRun: true };
  expect(chooseService(dry, nothing)).toEqual({ kind: 'offline' });
  expect(chooseService(dry, { ...nothing, token: 't' })).toMatchObject({ kind: 'api' });
  expect(() => chooseService({ ...dry, baseUrl: 'http://b' }, nothing)).toThrow('There is no API token');
});

it('rehearses faults on the simulator only', () => {
  expect(chooseService({ ...emptyFlags, simulateSpeed: 5, chaos: 'storm' }, nothing)).toMatchObject({
    chaos: 'storm',
  });
  expect(() => chooseService({ ...emptyFlags, chaos: 'storm' }, { ...nothing, token: 't' })).toThrow(
    '`--chaos storm` works only with `--simulate`.',
  );
});

it('refuses a simulator at a base URL', () => {
  expect(() => chooseService({ ...emptyFlags, simulateSpeed: 1, baseUrl: 'http://b' }, nothing)).toThrow(
    '`--simulate` and `--base-url` cannot be used together.',
  );
});

it('leaves nothing to a simulator that ends with the command', () => {
  expect(() => chooseService({ ...emptyFlags, simulateSpeed: 1, detach: true }, nothing)).toThrow(
    '`--simulate` and `--detach` cannot be used together.',
  );
});

it('uses a container if the flags ask for it, with an address and no token', () => {
  const cog = { ...emptyFlags, provider: 'cog' } as const;
  expect(chooseService({ ...cog, baseUrl: 'http://c' }, nothing)).toEqual({
    kind: 'cog',
    baseUrl: 'http://c',
  });
  expect(chooseService(cog, { ...nothing, baseUrl: 'http://env' })).toMatchObject({ baseUrl: 'http://env' });
  expect(() => chooseService(cog, nothing)).toThrow('`--provider cog` needs `--base-url`');
  expect(() => chooseService({ ...cog, simulateSpeed: 1 }, nothing)).toThrow(
    '`--provider cog` and `--simulate` cannot be used together.',
  );
  expect(() => chooseService({ ...cog, simulateSpeed: 1 }, nothing)).toThrow(
    expect.objectContaining({
      suggestion: expect.stringMatching(/^Remove --simulate, and give the address/),
    }),
  );
  expect(() => chooseService({ ...cog, baseUrl: 'http://c', follow: 'poll' }, nothing)).toThrow(
    'Expected `--follow wait` with `--provider cog`, got poll',
  );
});
