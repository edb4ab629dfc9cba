import { defer, firstValueFrom, NEVER, of, tap } from 'rxjs';
import { expect, it } from 'vitest';
import { afterRefresh, claimFound, createClaims } from '../../../src/operators/predictions/claims.ts';
import type { Verdict } from '../../../src/operators/predictions/lost/judgeLook.ts';

it('gives each prediction to one job', async () => {
  const claims = createClaims();
  expect(await firstValueFrom(claims.take('a', null))).toBe(true);
  expect(await firstValueFrom(claims.take('a', null))).toBe(false);
  expect(claims.has('a')).toBe(true);
  expect(claims.has('b')).toBe(false);
});

it('claims when it is subscribed to, not before', () => {
  const claims = createClaims();
  claims.take('a', null);
  expect(claims.has('a')).toBe(false);
});

it('knows the predictions of earlier runs, and those that it learns of', async () => {
  const claims = createClaims(['a']);
  claims.know(['b']);
  expect(await firstValueFrom(claims.take('a', null))).toBe(false);
  expect(await firstValueFrom(claims.take('b', null))).toBe(false);
});

/** The predictions that a look has found, by their ids, each for a request of its own. */
function foundOf(...ids: readonly string[]): Verdict['found'] {
  return new Map(ids.map((id) => [{ owner: null }, { id }])) as unknown as Verdict['found'];
}

const idsOf = (found: Verdict['found']) => [...found.values()].map(({ id }) => id);

it('leaves found predictions to those who claimed them first', async () => {
  const claims = createClaims(['b']);
  expect(idsOf(await firstValueFrom(claimFound(foundOf('a', 'b', 'c'), claims)))).toEqual(['a', 'c']);
  expect(idsOf(await firstValueFrom(claimFound(foundOf('a', 'd'), claims)))).toEqual(['d']);
  expect(await firstValueFrom(claimFound(new Map(), claims))).toEqual(new Map());
});

it('claims found predictions one after the other, so that the store keeps their order', () => {
  const asked: string[] = [];
  const take = (id: string) =>
    defer(() => {
      asked.push(id);
      return NEVER;
    });
  const claims = { ...createClaims(), take };
  claimFound(foundOf('a', 'b'), claims).subscribe();
  expect(asked).toEqual(['a']);
});

it('looks once the claims of others are known, or at once if there are no others', async () => {
  const order: string[] = [];
  const look = () => {
    order.push('look');
    return of('seen');
  };
  const refresh = () => of(undefined).pipe(tap(() => order.push('refresh')));
  expect(await firstValueFrom(afterRefresh({ ...createClaims(), refresh }, look))).toBe('seen');
  expect(await firstValueFrom(afterRefresh(createClaims(), look))).toBe('seen');
  expect(order).toEqual(['refresh', 'look', 'look']);
});
