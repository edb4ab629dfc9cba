import { lastValueFrom, of, VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import type { PartCalls } from '../../src/fleet/database/partCalls.ts';
import { createFreshGrants } from '../../src/fleet/part/freshGrants.ts';

const asking = {
  index: 3,
  seq: 1,
  attempt: 1,
  key: 'key',
  priceMicroUsd: null,
  request: null,
  cancelAfterMs: null,
  holdMs: 1,
};
const begin: PartCalls['begin'] = () => of({ verdict: 'granted', atMs: 0 });
const never = () => expect.fail('not asked for');
const others = { claim: never, note: never, mark: never, release: never, expectOwn: never };

it('lets a grant be used for two seconds from asking for it, and none that was not asked for', async () => {
  const scheduler = new VirtualTimeScheduler();
  const { calls, mayStillSend } = createFreshGrants({ ...others, begin }, { scheduler });
  expect(mayStillSend(3)).toBe(false);
  const granted = calls.begin(asking);
  scheduler.frame = 1_000;
  expect(mayStillSend(3)).toBe(false);
  expect(await lastValueFrom(granted)).toEqual({ verdict: 'granted', atMs: 0 });
  const seen = [1_000, 3_000, 3_001].map((frame) => {
    scheduler.frame = frame;
    return mayStillSend(3);
  });
  expect(seen).toEqual([true, true, false]);
  expect(mayStillSend(4)).toBe(false);
  await lastValueFrom(granted);
  expect(mayStillSend(3)).toBe(true);
});

it('counts the time for which the machine slept, by the clock that did not', async () => {
  let wallMs = 0;
  const scheduler = Object.assign(new VirtualTimeScheduler(), { wallNow: () => wallMs });
  const { calls, mayStillSend } = createFreshGrants({ ...others, begin }, { scheduler });
  await lastValueFrom(calls.begin(asking));
  wallMs = 2_001;
  expect(mayStillSend(3)).toBe(false);
  // Set back by a time server: the other clock has gone on.
  wallMs = -60_000;
  scheduler.frame = 2_001;
  expect(mayStillSend(3)).toBe(false);
  scheduler.frame = 2_000;
  expect(mayStillSend(3)).toBe(true);
});
