import { defer, lastValueFrom, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { findModel } from '../../../src/cli/batch/models.ts';
import { ProviderError, UsageError } from '../../../src/errors.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { createModelCache } from '../../../src/store/modelCache.ts';
import { fakeProvider } from '../../helpers/fakeProvider.ts';
import { localServer, sendJson } from '../../helpers/localServer.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const version = 'f'.repeat(64);
const bare = 'The requested resource could not be found.';

function notFound(reason: string | null): ProviderError {
  return new ProviderError('ERR_NOT_FOUND', 'GET … failed with 404', {
    status: 404,
    ...(reason === null ? {} : { reason }),
  });
}

/** The message and the advice of a lookup that fails. */
async function wordsFor(
  name: string,
  reason: string | null,
  pinned: string | null = null,
  hasModel = false,
): Promise<string> {
  const provider = fakeProvider({
    getModel: (model, asked = null) =>
      defer(() =>
        hasModel && asked === null
          ? of({ name: model, latestVersion: 'a1b2', isOfficial: false, schema: null })
          : throwError(() => notFound(reason)),
      ),
  });
  return wordsOf(findModel(provider, { model: name, version: pinned }));
}

async function wordsOf(found: Promise<unknown>): Promise<string> {
  const error: unknown = await found.catch((thrown: unknown) => thrown);
  if (!(error instanceof UsageError)) throw error;
  return `${error.message} ${error.suggestion}`;
}

it.each([bare, null, 'Not found', 'Model not found.', 'The model does not exist'])(
  'asks for the spelling if nothing is known but %s',
  async (reason) => {
    const words = await wordsFor('black-forest-labs/flux-shnell', reason);
    expect(words).toMatch(
      /^There is no model black-forest-labs\/flux-shnell\. Did you mean .*schnell\? Check the spelling/,
    );
  },
);

it('gives the reason of the service', async () => {
  const words = await wordsFor('owner/name', 'This model was disabled by its owner.', version);
  expect(words).toContain('owner/name:ffff');
  expect(words).toContain('out: This model was disabled by its owner.');
  expect(words).not.toContain('spelling');
});

it('reports that only the version is gone, and names the newest', async () => {
  const words = await wordsFor('owner/name', bare, version, true);
  expect(words).toContain(`There is no version owner/name:${version}; its model is there.`);
  expect(words).toContain('The newest one is a1b2.');
  expect(words).not.toContain('spelling');
  expect(await wordsFor('owner/name', bare, version)).toContain('Check the spelling');
});

it('does not doubt the name of a model of the catalogue', async () => {
  const words = await wordsFor('black-forest-labs/flux-schnell', bare);
  expect(words).toContain('renamed, deleted or hidden');
  expect(words).not.toContain('spelling');
});

it('asks for a model of the catalogue in other letter case as it is written', async () => {
  const words = await wordsFor('Black-Forest-Labs/FLUX-Schnell', bare);
  expect(words).toContain('Did you mean black-forest-labs/flux-schnell?');
});

it('remembers that the service had the model', async () => {
  let status = 200;
  let nowMs = Date.UTC(2026, 0, 2, 3, 4);
  const { url } = await localServer((_request, response) =>
    sendJson(response, status, status === 200 ? { latest_version: null } : { detail: bare }),
  );
  const provider = createReplicateProvider({
    token: 'r8_secretsecretsecret',
    baseUrl: `${url}/v1`,
    now: () => nowMs,
    modelCache: createModelCache({ folder: folder(), baseUrl: url, now: () => nowMs }),
  });
  await lastValueFrom(provider.getModel('owner/name'));
  [status, nowMs] = [404, nowMs + 86_400_000];
  const words = await wordsOf(findModel(provider, { model: 'owner/name', version: null }));
  expect(words).toContain('it had the model on 2026-01-02 03:04 UTC');
  expect(words).not.toContain('spelling');
});

it('leaves a refused token to its own message', async () => {
  const refused = new ProviderError('ERR_UNAUTHENTICATED', '401', { status: 401, stopsRun: true });
  const provider = fakeProvider({ getModel: () => throwError(() => refused) });
  await expect(findModel(provider, { model: 'owner/name', version: null })).rejects.toBe(refused);
});
