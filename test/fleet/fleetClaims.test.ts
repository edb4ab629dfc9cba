import { firstValueFrom, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createFleetClaims } from '../../src/fleet/fleetClaims.ts';

describe('the claims of a worker', () => {
  const owner = { index: 3, attempt: 1 };

  it('know the claims of others, as of the last look', async () => {
    let others = ['a', 'b'];
    const claims = createFleetClaims(() => undefined, { ofOthers: () => of(others) });
    await firstValueFrom(claims.refresh?.() ?? of(undefined));
    expect(['a', 'b', 'c'].map(claims.has)).toEqual([true, true, false]);
    // This worker has the part of the attempt that claimed it: its last owner died just then.
    others = ['b'];
    await firstValueFrom(claims.refresh?.() ?? of(undefined));
    expect(['a', 'b', 'c'].map(claims.has)).toEqual([false, true, false]);
  });

  it('ask the database each time: a refused id may belong to the next attempt', async () => {
    let answer = false;
    const claims = createFleetClaims(() => ({ claim: () => of(answer) }));
    expect(await firstValueFrom(claims.take('a', owner))).toBe(false);
    expect(claims.has('a')).toBe(true);
    await firstValueFrom(claims.refresh?.() ?? of(undefined));
    answer = true;
    expect(claims.has('a')).toBe(false);
    expect(await firstValueFrom(claims.take('a', owner))).toBe(true);
  });

  it('take nothing for a part that this worker does not have', async () => {
    const claims = createFleetClaims(() => undefined);
    expect(await firstValueFrom(claims.take('a', owner))).toBe(false);
    expect(await firstValueFrom(claims.take('a', null))).toBe(false);
  });
});
