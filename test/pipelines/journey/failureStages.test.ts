import { lastValueFrom, type Observable, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { DeliveryError, DownloadError, ProviderError, RenderError } from '../../../src/errors.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import type { GenerateConfig } from '../../../src/pipelines/journey/config.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { aPlan, runOf } from '../../helpers/runOf.ts';

const spec = {
  ...({ name: 'thumb', fit: 'cover', format: 'jpeg' } as const),
  ...{ widthPx: 8, heightPx: 8, quality: 80 },
};
const invalid = new ProviderError('ERR_INVALID_INPUT', 'no such input', { status: 422 });
const gone = new DownloadError('ERR_OUTPUT_GONE', 'gone');
const undecodable = new RenderError('ERR_UNDECODABLE', 'not an image');
const refused = new DeliveryError('no such bucket', { destination: 's3://b' });
const fails = (error: Error) => (): Observable<never> => throwError(() => error);
// Without its input, so that it may be of any request.
const failed = aPrediction({
  ...({ status: 'failed', output: null, outputComplete: false } as const),
  ...{ error: 'no', input: null },
});

it.each<[string, Partial<GenerateConfig>]>([
  ['creation', { provider: fakeProvider({ createPrediction: fails(invalid) }) }],
  ['polling', { provider: fakeProvider({ createPrediction: () => of(failed) }) }],
  ['download', { downloader: { download: fails(gone) } }],
  ['rendering', { renderer: { render: fails(undecodable) } }],
  [
    'delivery',
    { destinations: [{ name: 's3', concurrency: 1, deliver: fails(refused), close: async () => {} }] },
  ],
])('a job that fails at %s has the stage in its error', async (stage, fields) => {
  const { config } = runOf({ ...fields, random: () => 0 });
  const outcome = await lastValueFrom(generate(() => [aPlan(0, { renditions: [spec] })], config));
  expect(outcome).toMatchObject({ status: 'failed', error: { stage } });
});

it('names the last attempt, not the first', async () => {
  let created = 0;
  const createPrediction = () => {
    created += 1;
    return created === 1 ? of({ ...failed, error: 'platform' }) : throwError(() => invalid);
  };
  const { config } = runOf({ provider: fakeProvider({ createPrediction }), random: () => 0 });
  const outcome = await lastValueFrom(generate(() => [aPlan(0)], config));
  expect(outcome.error).toMatchObject({ code: 'ERR_INVALID_INPUT', stage: 'creation' });
});
