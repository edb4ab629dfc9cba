import { map, of } from 'rxjs';
import { expect } from 'vitest';
import type { Provider } from '../../../../src/ports.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import { describeTable } from '../../../helpers/recoveryTable.ts';
import { type Scripts, scriptsInFolder } from '../../../helpers/scriptsInFolder.ts';
import { simulated } from '../../../helpers/simulated.ts';

const prompts = ['a', 'b'];

/** The simulator under the name of another service. */
const named = ({ simulator }: Scripts, name: string): Provider => ({
  ...createReplicateProvider(simulator),
  identify: () => of(name),
});

/** Runs two prompts on one service, then on another. */
async function change(before: string, after: string) {
  const scripts = await scriptsInFolder();
  const first = await scripts.generate(prompts, '', { provider: named(scripts, before) });
  expect(first).toMatchObject({ code: 0, made: 2 });
  expect(first.outcomes.map(({ service }) => service)).toEqual([before, before]);
  return scripts.generate(prompts, '', { provider: named(scripts, after) });
}

describeTable('The service', {
  'another service: Replicate, another `--base-url`, a container': async () => {
    const next = await change('replicate', 'https://api.example.com');
    expect(next.error).toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(/has images of Replicate, .* the API at https:\/\/api\.example\.com/),
      suggestion: expect.stringContaining('--out'),
    });
    const back = await change('https://api.example.com', 'cog http://127.0.0.1:5000');
    expect(back.error).toMatchObject({ message: expect.stringContaining('Cog container') });
    return next.made + back.made;
  },
  'a simulation in a folder of a real service': async () => {
    const next = await change('replicate', 'simulator');
    expect(next.error).toMatchObject({ suggestion: expect.stringContaining('Remove --simulate') });
    return next.made;
  },
  'a real service in a folder of a simulation': async () => {
    const next = await change('simulator', 'replicate');
    expect(next.error).toMatchObject({ suggestion: expect.stringContaining('Add --simulate') });
    return next.made;
  },
  'the port of a server on this machine': async () => {
    const scripts = await scriptsInFolder();
    await scripts.generate(prompts);
    scripts.move({ simulator: await simulated({ speed: 500 }) });
    // The new server has billed nothing.
    const next = await scripts.generate(prompts, '', { isBooked: false });
    expect(next).toMatchObject({ code: 0, totals: { alreadySaved: 2 } });
    return next.made;
  },
  'the model has a new version, and you have pinned none': async () => {
    const scripts = await scriptsInFolder();
    await scripts.generate(prompts);
    const provider = createReplicateProvider(scripts.simulator);
    const getModel: Provider['getModel'] = (name, version) =>
      provider.getModel(name, version).pipe(map((model) => ({ ...model, latestVersion: 'f'.repeat(64) })));
    const next = await scripts.generate(prompts, '', { provider: { ...provider, getModel } });
    expect(next).toMatchObject({ code: 0, totals: { alreadySaved: 2 } });
    return next.made;
  },
});
