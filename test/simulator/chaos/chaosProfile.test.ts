import { expect, it } from 'vitest';
import {
  type ChaosProfileName,
  chaosProfile,
  type HazardName,
  type SimulatedPrediction,
  type Simulator,
  type SimulatorConfig,
} from '../../../src/simulator/index.ts';
import { call, create, simulated } from '../../helpers/simulated.ts';
import { stoppedClock } from '../../helpers/stoppedClock.ts';

/** Starts a simulator with a profile. `met` counts the hazards that struck, by name. */
async function under(name: ChaosProfileName, { seed = 1, ...rest }: SimulatorConfig = {}) {
  const met = new Map<HazardName, number>();
  const onStrike = (hazard: HazardName) => met.set(hazard, (met.get(hazard) ?? 0) + 1);
  const chaos = chaosProfile(name, { seed, speed: 100, onStrike });
  return { simulator: await simulated({ medianMs: 100, ...chaos, ...rest }), met };
}

/** Sends one create request per seed, one after the other; null if the connection broke. */
async function createAll(simulator: Simulator, seeds: readonly number[]) {
  const responses = [];
  for (const seed of seeds) responses.push(await create(simulator, { seed }).catch(() => null));
  return responses;
}

const range = (count: number) => Array.from({ length: count }, (_, seed) => seed);
const statuses = (responses: Awaited<ReturnType<typeof createAll>>) =>
  responses.map((response) => response?.status ?? 0);

it('strikes the same requests in any order, others under another seed, and each once', async () => {
  const [one, turned, other] = await Promise.all([
    under('resets'),
    under('resets'),
    under('resets', { seed: 2 }),
  ]);
  const first = statuses(await createAll(one.simulator, range(40)));
  expect(statuses(await createAll(turned.simulator, range(40).reverse())).reverse()).toEqual(first);
  expect(statuses(await createAll(other.simulator, range(40)))).not.toEqual(first);
  expect(new Set(statuses(await createAll(one.simulator, range(40))))).toEqual(new Set([201]));
});

it('resets its shares of create requests, before and after they take effect', async () => {
  const { simulator, met } = await under('resets');
  const lost = statuses(await createAll(simulator, range(100))).filter((status) => status === 0).length;
  const { resetBeforeCreate = 0, resetAfterCreate = 0 } = Object.fromEntries(met);
  expect(resetBeforeCreate + resetAfterCreate).toBe(lost);
  expect(simulator.stats().created).toBe(100 - resetBeforeCreate);
  for (const times of [resetBeforeCreate, resetAfterCreate]) {
    expect(times).toBeGreaterThan(5);
    expect(times).toBeLessThan(30);
  }
});

it('sends 502 on create and 500 on get and list, then the correct response', async () => {
  const { simulator } = await under('server-errors');
  const responses = await createAll(simulator, range(40));
  expect(new Set(statuses(responses))).toEqual(new Set([201, 502]));
  const made = responses.filter((response) => response?.status === 201).map((response) => response?.body.id);
  const ask = () => Promise.all(made.map((id) => call(simulator, `/predictions/${id}`)));
  expect(new Set((await ask()).map(({ status }) => status))).toEqual(new Set([200, 500]));
  expect(new Set((await ask()).map(({ status }) => status))).toEqual(new Set([200]));
  const looks = [];
  for (const _ of range(20)) looks.push((await call(simulator, '/predictions')).status);
  expect(looks).toContain(500);
  expect(looks.join(' ')).not.toContain('500 500');
});

it('refuses with a wait in the body, sometimes in a header too', async () => {
  const { simulator, met } = await under('throttled', { createBurst: 100 });
  const refused = (await createAll(simulator, range(80))).filter((response) => response?.status === 429);
  expect(refused.map((response) => response?.body.retry_after)).toEqual(refused.map(() => 1));
  const { throttledCreateWithHeader = 0 } = Object.fromEntries(met);
  const named = refused.filter((response) => response?.headers.has('retry-after'));
  expect(named.length).toBeGreaterThan(0);
  expect(named).toHaveLength(throttledCreateWithHeader);
});

it('accepts six create requests a minute if credit is low', async () => {
  stoppedClock();
  const { simulator } = await under('low-credit');
  const responses = await Promise.all([create(simulator), create(simulator)]);
  expect(statuses(responses).sort()).toEqual([201, 429]);
  expect(responses.find(({ status }) => status === 429)?.body.detail).toContain('6 requests per minute');
});

it('spoils half of the files in every way, and then sends them whole', async () => {
  const { simulator, met } = await under('bad-files');
  const urls = (await createAll(simulator, range(60))).map((response) => response?.body.output[0]);
  const fetchAll = () =>
    Promise.all(
      urls.map(async (url) => {
        const response = await fetch(url);
        const bytes = await response.arrayBuffer().catch(() => null);
        return `${response.headers.get('content-type')} ${bytes?.byteLength}`;
      }),
    );
  const first = await fetchAll();
  const whole = await fetchAll();
  expect(new Set(whole).size).toBe(1);
  const slow = met.get('slowFile') ?? 0;
  const struck = [...met.values()].reduce((sum, times) => sum + times, 0);
  expect(first.filter((file) => file !== whole[0])).toHaveLength(struck - slow);
  expect([...met.keys()].sort()).toEqual(['cutFile', 'emptyFile', 'htmlFile', 'slowFile', 'truncatedFile']);
});

it('does not find a fresh prediction twice', async () => {
  const { simulator } = await under('fresh-404');
  const [made] = (await createAll(simulator, range(20))).filter((response) => response !== null);
  const asked = [];
  for (const _ of range(4)) asked.push((await call(simulator, `/predictions/${made?.body.id}`)).status);
  expect(asked).toEqual([404, 404, 200, 200]);
});

it('removes outputs before they are fetched, at once or on the first download', async () => {
  const { simulator, met } = await under('expiry');
  const bodies = (await createAll(simulator, range(60))).map((response) => response?.body);
  const kept = bodies.filter(({ data_removed }) => !data_removed);
  expect(met.get('dataRemoved')).toBe(60 - kept.length);
  const fetched = await Promise.all(kept.map(({ output }) => fetch(output[0])));
  const gone = kept.filter((_, at) => fetched[at]?.status === 404);
  expect(met.get('goneFile')).toBe(gone.length);
  expect(gone.length).toBeGreaterThan(0);
  const { body } = await call(simulator, `/predictions/${gone[0].id}`);
  expect(body).toMatchObject({ status: 'succeeded', data_removed: true, output: null });
  const again = (await createAll(simulator, range(60))).map((response) => response?.body);
  const refetched = await Promise.all(again.map(({ output }) => fetch(output[0])));
  expect(new Set(refetched.map(({ status }) => status))).toEqual(new Set([200]));
});

it('fails runs of the platform once, and unsafe ones every time', async () => {
  const [platform, safety] = await Promise.all([under('platform-failures'), under('safety-refusals')]);
  const failures = async (simulator: Simulator) => {
    const responses = await createAll(simulator, range(40));
    return responses.map((response) => response?.body.error).filter((error) => error !== null);
  };
  const first = await failures(platform.simulator);
  expect(first.length).toBeGreaterThan(2);
  for (const error of first) expect(error).toMatch(/code: PA|high demand|E1000/);
  expect(await failures(platform.simulator)).toEqual([]);
  const refused = await failures(safety.simulator);
  expect(refused[0]).toContain('NSFW');
  expect(await failures(safety.simulator)).toEqual(refused);
});

it('refuses an unknown profile', () => {
  expect(() => chaosProfile('hurricane' as ChaosProfileName)).toThrow(
    /^Expected one of resets, .*storm, got hurricane$/,
  );
});

it('webhooks: loses some, sends some twice and some late', () => {
  const met = new Set<HazardName>();
  const { faults } = chaosProfile('webhooks', { onStrike: (name) => met.add(name) });
  const model = { name: 'o/n' };
  const struck = range(60).map((seed) =>
    faults?.onWebhook?.({ model, input: { seed } } as unknown as SimulatedPrediction, 'completed'),
  );
  expect(met).toEqual(new Set(['lostWebhook', 'repeatedWebhook', 'lateWebhook']));
  expect(struck.filter((fault) => fault === null).length).toBeGreaterThan(10);
});
