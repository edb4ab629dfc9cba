import { firstValueFrom, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import { createCogProvider } from '../../../src/providers/cog/cogProvider.ts';
import { createServiceIdentity } from '../../../src/providers/http/serviceIdentity.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { startCogSimulator, startSimulator } from '../../../src/simulator/index.ts';

const simulated = new Headers({ 'x-rxposure-simulator': '1' });

function identityOf({ isUnproved = true, error = null as Error | null } = {}) {
  let asked = 0;
  const identity = createServiceIdentity({
    name: 'https://api.example',
    isUnproved,
    ask: () => {
      asked += 1;
      return error === null ? of(null) : throwError(() => error);
    },
  });
  return { ...identity, asked: () => asked };
}

it('asks nothing if the name is certain, or known from a response', async () => {
  const certain = identityOf({ isUnproved: false });
  certain.learn(simulated);
  expect(await firstValueFrom(certain.identify())).toBe('https://api.example');
  const told = identityOf();
  told.learn(new Headers());
  expect(await firstValueFrom(told.identify())).toBe('https://api.example');
  told.learn(simulated);
  told.learn(new Headers());
  expect(await firstValueFrom(told.identify())).toBe('simulator');
  expect([certain.asked(), told.asked()]).toEqual([0, 0]);
});

it('treats a refusal as a response, but not silence', async () => {
  const refused = identityOf({ error: new ProviderError('ERR_UNAUTHENTICATED', 'no', { status: 401 }) });
  expect(await firstValueFrom(refused.identify())).toBe('https://api.example');
  const silent = identityOf({ error: new ProviderError('ERR_NO_CONNECTION', 'no') });
  await expect(firstValueFrom(silent.identify())).rejects.toThrow(ProviderError);
});

it('is that of the server which answers', async () => {
  const api = await startSimulator({ render: 'fast' });
  const cog = await startCogSimulator({ render: 'fast' });
  try {
    const names = [
      createReplicateProvider({ token: 'r8_x' }),
      createReplicateProvider({ token: 'r8_x', baseUrl: 'https://api.replicate.com/v1/' }),
      createReplicateProvider({ ...api, service: 'mine' }),
      createReplicateProvider(api),
      createReplicateProvider({ ...api, token: 'r8_wrong' }),
      createCogProvider(cog),
    ].map(async (provider) => provider.identify && firstValueFrom(provider.identify()));
    expect(await Promise.all(names)).toEqual([
      'replicate',
      'replicate',
      'mine',
      'simulator',
      'simulator',
      'simulator',
    ]);
  } finally {
    await Promise.all([api.close(), cog.close()]);
  }
});
