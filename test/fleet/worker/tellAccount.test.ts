import { lastValueFrom, type Observable, of, throwError } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import { createRunCalls } from '../../../src/fleet/database/runCalls.ts';
import { tellAccount } from '../../../src/fleet/worker/tellAccount.ts';
import type { CreateOptions, Prediction } from '../../../src/types.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { aPrediction, aRequest, fakeProvider } from '../../helpers/fakeProvider.ts';
import { fleetDatabase } from '../../helpers/postgres.ts';

const refusal = (retryAfterMs?: number) =>
  throwError(
    () =>
      new ProviderError('ERR_THROTTLED', 'too fast', { status: 429, ...(retryAfterMs && { retryAfterMs }) }),
  );

describeFleet('tellAccount', () => {
  let database: Awaited<ReturnType<typeof fleetDatabase>>;
  beforeAll(async () => {
    database = await fleetDatabase(2);
    const limits = { perMinute: 600, burst: 50, slots: 9 };
    await lastValueFrom(createRunCalls(database).setAccount(limits));
  });
  afterAll(() => database?.close());

  /** Sends a create request with this response, as the role of workers. */
  const send = (answer: (options: CreateOptions) => Observable<Prediction>) => {
    const asWorker: typeof database.query = (sql, values) =>
      database.transaction(async (query) => {
        await query('SET LOCAL ROLE rx_worker');
        return query(sql, values);
      });
    const provider = fakeProvider({ createPrediction: (_request, options) => answer(options) });
    const told = tellAccount(provider, { query: asWorker });
    return lastValueFrom(told.createPrediction(aRequest(), { waitMs: 0 }));
  };
  const account = async () => {
    const [row] = await database.query(
      'SELECT tokens, pace, extract(epoch FROM closed_until - clock_timestamp()) AS closed_s FROM rx.account',
    );
    return { tokens: Number(row?.tokens), pace: Number(row?.pace), closedS: Number(row?.closed_s) };
  };
  const withRoom = (remaining: number) => (options: CreateOptions) => {
    options.onLimits?.({ remaining, fullInMs: null });
    return of(aPrediction());
  };

  it('lowers the tokens to the rest that the service reports, and never raises them', async () => {
    expect(await send(withRoom(500))).toEqual(aPrediction());
    expect(await account()).toMatchObject({ tokens: 50 });
    expect(await send(withRoom(7))).toEqual(aPrediction());
    expect((await account()).tokens).toBe(7);
    expect(await send(() => of(aPrediction()))).toEqual(aPrediction());
  });

  it('closes the account to all for the wait of a refusal, before its error is emitted', async () => {
    await expect(send(() => refusal(30_000))).rejects.toMatchObject({ code: 'ERR_THROTTLED' });
    const { closedS, pace, tokens } = await account();
    expect(closedS).toBeGreaterThan(0);
    expect(closedS).toBeLessThanOrEqual(30);
    expect(pace).toBe(300);
    expect(tokens).toBeLessThanOrEqual(1);
  });

  it('waits no longer than a minute for a slip, and some seconds if no wait is named', async () => {
    await expect(send(() => refusal(86_400_000))).rejects.toThrow('too fast');
    expect((await account()).closedS).toBeLessThanOrEqual(60);
    await expect(send(() => refusal())).rejects.toThrow('too fast');
    await expect(send(() => throwError(() => new Error('other')))).rejects.toThrow('other');
  });

  it('emits the refusal also if the database refuses', async () => {
    const provider = fakeProvider({ createPrediction: () => refusal(5) });
    const query = () => Promise.reject(Object.assign(new Error('no'), { code: '42501' }));
    const told = tellAccount(provider, { query });
    const created = lastValueFrom(told.createPrediction(aRequest(), { waitMs: 0 }));
    await expect(created).rejects.toMatchObject({ code: 'ERR_THROTTLED' });
  });
});
