import { expect, it } from 'vitest';
import { createServiceBucket } from '../../../src/operators/pace/serviceBucket.ts';

/** A bucket that is believed to fill at one token a second, and its clock. */
const bucketAt = (pace = { perMinute: 60 }) => {
  const clock = { nowMs: 0 };
  return { clock, pace, bucket: createServiceBucket({ pace, now: () => clock.nowMs }) };
};
const full = { fullInMs: null };

it('never waits as long as nothing is known', () => {
  const { bucket } = bucketAt();
  for (let n = 0; n < 100; n += 1) bucket.take();
  expect(bucket.waitMs()).toBe(0);
  expect(bucket.filling).toBeNull();
});

it('waits for a token if none was left, and a little longer', () => {
  const { bucket, clock } = bucketAt();
  bucket.reported(bucket.take(), { ...full, remaining: 0 });
  expect(bucket.waitMs()).toBe(1_080);
  clock.nowMs = 1_080;
  expect(bucket.waitMs()).toBe(0);
  bucket.take();
  expect(bucket.waitMs()).toBe(1_080); // A bucket of one keeps no tokens that came in too late.
});

it('adds to a late response the tokens that came in since, and takes away those spent since', () => {
  const { bucket, clock } = bucketAt();
  const volley = bucket.take();
  clock.nowMs = 1_000;
  bucket.take();
  clock.nowMs = 3_000;
  bucket.reported(volley, { ...full, remaining: 3 }); // 3 + 3 - 1
  expect(bucket.capacity).toBe(4);
  for (let n = 0; n < 3; n += 1) {
    expect(bucket.waitMs()).toBe(0);
    bucket.take();
  }
  expect(bucket.waitMs()).toBeGreaterThan(0);
});

it('believes the emptiest response to requests that were sent together: they may arrive in any order', () => {
  const { bucket } = bucketAt();
  const sent = [2, 0, 1].map((remaining) => ({ volley: bucket.take(), remaining }));
  for (const { volley, remaining } of sent) bucket.reported(volley, { ...full, remaining });
  expect(bucket.waitMs()).toBe(1_000 * (1 + 3 * 0.08));
});

it('counts the tokens that others took, and those that they gave back', () => {
  const { bucket, clock } = bucketAt();
  bucket.reported(bucket.take(), { ...full, remaining: 9 });
  clock.nowMs = 1_000;
  bucket.reported(bucket.take(), { ...full, remaining: 1 });
  expect(bucket.waitMs()).toBeGreaterThan(0);
  clock.nowMs = 2_000;
  bucket.reported(bucket.take(), { ...full, remaining: 5 });
  expect(bucket.waitMs()).toBe(0);
});

it('believes no older response after a newer one', () => {
  const { bucket, clock } = bucketAt();
  const old = bucket.take();
  clock.nowMs = 1_000;
  bucket.reported(bucket.take(), { ...full, remaining: 0 });
  bucket.reported(old, { ...full, remaining: 8 });
  expect(bucket.waitMs()).toBeGreaterThan(0);
});

it('is empty when a create request is refused, until the moment that the refusal named', () => {
  const { bucket, clock } = bucketAt({ perMinute: 6 });
  const before = bucket.take();
  clock.nowMs = 20;
  bucket.giveBack();
  bucket.emptied(2_000);
  expect(bucket.waitMs()).toBe(2_000);
  bucket.reported(before, { ...full, remaining: 9 }); // from before
  expect(bucket.waitMs()).toBe(2_000);
  clock.nowMs = 2_020;
  expect(bucket.waitMs()).toBe(0);
});

it('assumes less room after a wrong guess, until responses prove it right', () => {
  const { bucket, clock } = bucketAt();
  const lie = { ...full, remaining: 50 };
  for (let n = 0; n < 8; n += 1) bucket.reported(bucket.take(), lie);
  bucket.emptied(1_000);
  const roomAfter = (answers: number) => {
    for (let n = 0; n < answers; n += 1) {
      clock.nowMs += 1_000;
      bucket.reported(bucket.take(), lie);
    }
    let room = 0;
    for (; bucket.waitMs() === 0; room += 1) bucket.take();
    return room;
  };
  expect(roomAfter(1)).toBe(8 / 2 - 1);
  expect(roomAfter(20)).toBe(8 / 2 - 1 + 2);
});

it('reports its refill once it was seen half empty, for two seconds or more', () => {
  const { bucket } = bucketAt();
  const fillingAfter = (remaining: number, fullInMs: number | null) => {
    bucket.reported(bucket.take(), { remaining, fullInMs });
    return bucket.filling;
  };
  expect(fillingAfter(9, 1_000)).toBeNull(); // a second is too rough
  expect(fillingAfter(8, 2_000)).toBeNull(); // nearly full: its size is unknown
  expect(fillingAfter(0, null)).toBeNull();
  expect(fillingAfter(0, 5_000)).toEqual({ tokens: 10, inMs: 5_000 });
  expect(fillingAfter(3, 4_000)).toEqual({ tokens: 10, inMs: 5_000 });
});
