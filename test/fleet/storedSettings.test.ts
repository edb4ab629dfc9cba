import fc from 'fast-check';
import { NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { readStoredSettings, runSettingsOf, type StoredSettings } from '../../src/fleet/storedSettings.ts';
import { priceFor } from '../../src/pipelines/run/runConfig.ts';
import { estimateMicroUsd } from '../../src/providers/prices/cost.ts';
import { fallbackRequests } from '../../src/sources/planning/fallbackRequests.ts';
import type { ModelSchema } from '../../src/types.ts';
import { aPlan } from '../helpers/aPlan.ts';
import { fakeProvider } from '../helpers/fakeProvider.ts';

const schema: ModelSchema = {
  properties: { prompt: { type: 'string' }, seed: { type: 'integer', minimum: 0, maximum: 1_000 } },
  required: ['prompt'],
};
const other = { name: 'owner/other', latestVersion: null, isOfficial: true, schema };
const stored = (fields: Partial<StoredSettings> = {}): StoredSettings => ({
  format: 1,
  service: 'replicate',
  folder: 'night',
  bucket: null,
  gallery: true,
  limits: { maxAttempts: 2, timeoutMs: 9_000, waitMs: 0, maxOutageMs: 1_000, maxOutputBytes: 5_000 },
  recovery: { timeoutAction: 'leave', breakerFailures: 3, lookForMs: 7_000, repay: true },
  outputs: { provenance: 'none', keepOriginals: true, sidecars: false, destinations: [] },
  prices: { all: null, byModel: {} },
  fallbacks: { models: [], schemas: {} },
  webhookUrl: null,
  ...fields,
});
const own = { provider: fakeProvider({}), folder: '/run' };
/** Settings as a worker makes them, from the text in the database. */
const settingsOf = (fields: Partial<StoredSettings>, mine: object = {}) =>
  runSettingsOf(readStoredSettings(JSON.parse(JSON.stringify(stored(fields)))), { ...own, ...mine });

describe('the settings of a run, stored for workers', () => {
  it('are those of the run', async () => {
    const { limits, recovery } = stored();
    const settings = await settingsOf({});
    expect(settings).toMatchObject({ ...limits, ...recovery, provenance: 'none', sidecars: false });
    expect(settings).not.toHaveProperty('webhooks');
  });

  it('try the same requests, at the same prices, if a model fails', async () => {
    const models = ['new-seed' as const, { model: other, version: null }];
    const microUsd = fc.option(fc.nat(100_000));
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.nat(1_000), microUsd, microUsd, async (prompt, seed, all, ofOther) => {
        const byModel: Record<string, number> = ofOther === null ? {} : { 'owner/other': ofOther };
        const settings = await settingsOf({
          fallbacks: { models, schemas: { 'owner/name': schema } },
          prices: { all, byModel },
        });
        const priceOf = (model: string, input: object) =>
          estimateMicroUsd(model, { ...input }, priceFor(model, settings));
        const direct = fallbackRequests({ fallbacks: models, schema, priceOf });
        const plan = aPlan({ prompt, input: { prompt, seed }, priceMicroUsd: all });
        expect(settings.fallbacksOf?.(plan)).toEqual(direct(plan));
        expect(settings.fallbacksOf?.(plan)[1]?.priceMicroUsd).toBe(ofOther ?? all);
        expect(settings.fallbacksOf?.({ ...plan, model: 'owner/third' })).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('send webhooks to the address of the run, and listen on this machine', async () => {
    const webhookUrl = 'https://hooks.example/replicate';
    expect((await settingsOf({ webhookUrl }, { events: NEVER })).webhooks).toEqual({
      url: webhookUrl,
      events: NEVER,
    });
    expect(await settingsOf({ webhookUrl })).not.toHaveProperty('webhooks');
  });

  it.each<[string, object]>([
    ['of a newer version', { ...stored(), format: 2 }],
    ['with a setting that this version does not know', { ...stored(), strategy: 'waves' }],
    ['that are damaged', { ...stored(), limits: {} }],
    [
      'whose schema is none',
      stored({ fallbacks: { models: [], schemas: JSON.parse('{"owner/name": {}}') } }),
    ],
  ])('are refused %s', (_what, text) => {
    expect(() => readStoredSettings(text)).toThrow('of another version of rxposure');
  });
});
