import { asapScheduler, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import type { Row } from '../../../src/fleet/database/connection.ts';
import { claimsOfOthers } from '../../../src/fleet/worker/claimsOfOthers.ts';
import { countCrew, createReach } from '../../../src/fleet/worker/crew.ts';

it('warns once when a worker is without its database, and once when that is over', async () => {
  const events: RunEvent[] = [];
  const reach = createReach<string>((event) => events.push(event));
  const refused = Object.assign(new Error('permission denied for table job'), { code: '42501' });
  const asked = [of('a'), throwError(() => refused), throwError(() => refused), of('b'), of('c')];
  const heard: unknown[] = [];
  for (const one of asked) heard.push(...(await lastValueFrom(one.pipe(reach, toArray()))));
  expect(heard).toEqual(['a', null, null, 'b', 'c']);
  expect(events).toEqual([
    { type: 'warning', message: expect.stringContaining('permission denied for table job') },
    { type: 'warning', message: 'The database gives out work again.' },
  ]);
});

it('counts the workers that are alive, itself at least', async () => {
  const crewOf = (count: number) => countCrew({ query: async () => [{ count }] }, asapScheduler);
  for (const [heard, counted] of [
    [3, 3],
    [0, 1],
  ] as const) {
    const crew = crewOf(heard);
    expect(crew.count()).toBe(1);
    const looks = crew.looks.subscribe();
    await expect.poll(() => crew.count(), { interval: 1 }).toBe(counted);
    looks.unsubscribe();
  }
});

it('reads the claims since the last look, and remembers the others', async () => {
  const claim = (id: string, atMs: number) => ({ id, run: 1, job_index: 0, attempt: 1, claimed_at_ms: atMs });
  const rows: Row[] = [
    { claims: [claim('old', 1), claim('a', 5_000_000)] },
    { claims: [claim('b', 5_100_000)] },
  ];
  const since: unknown[] = [];
  const query = async (_sql: string, values: readonly unknown[] = []) => {
    since.push(values[0]);
    return [rows.shift() ?? {}];
  };
  const look = claimsOfOthers({ query }, { of: () => undefined });
  // The oldest of them cannot matter any more.
  expect(await lastValueFrom(look())).toEqual(['a']);
  expect(await lastValueFrom(look())).toEqual(['a', 'b']);
  // Claims whose transactions end late are read, too.
  expect(since).toEqual([0, 4_940_000]);
});
