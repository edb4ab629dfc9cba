import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../pipelines/simulator.ts', import.meta.url));

function start(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args]);
  let output = '';
  const collect = (stream: NodeJS.ReadableStream) => stream.on('data', (chunk) => (output += chunk));
  collect(child.stdout);
  collect(child.stderr);
  return { child, output: () => output };
}

it('prints its URL and token, serves, and ends cleanly on a signal', async () => {
  const { child, output } = start('--port', '0', '--speed', '50', '--render', 'fast', '--token', 'r8_mine');
  while (!output().includes('generate.ts')) await once(child.stdout, 'data');
  const [baseUrl = ''] = /http:\/\/127\.0\.0\.1:\d+\/v1/.exec(output()) ?? [];
  expect(output()).toContain('REPLICATE_API_TOKEN=r8_mine');
  const response = await fetch(`${baseUrl}/account`, { headers: { authorization: 'Bearer r8_mine' } });
  expect(response.status).toBe(200);
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
});

it('serves a chaos profile', async () => {
  const { child, output } = start(
    '--port',
    '0',
    '--speed',
    '100',
    '--render',
    'fast',
    '--chaos',
    'safety-refusals',
  );
  while (!output().includes('generate.ts')) await once(child.stdout, 'data');
  const [baseUrl = ''] = /http:\/\/127\.0\.0\.1:\d+\/v1/.exec(output()) ?? [];
  const [, token = ''] = /REPLICATE_API_TOKEN=(\S+)/.exec(output()) ?? [];
  const errors = await Promise.all(
    Array.from({ length: 30 }, async (_, seed) => {
      const response = await fetch(`${baseUrl}/models/black-forest-labs/flux-schnell/predictions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait' },
        body: JSON.stringify({ input: { prompt: 'a pear', seed } }),
      });
      return JSON.parse(await response.text()).error;
    }),
  );
  child.kill('SIGTERM');
  expect(errors.filter((error) => error?.startsWith('NSFW')).length).toBeGreaterThan(0);
  await once(child, 'close');
});

it('serves the API of a container', async () => {
  const { child, output } = start('--cog', '--port', '0', '--speed', '100', '--render', 'fast');
  while (!output().includes('--provider cog')) await once(child.stdout, 'data');
  const [baseUrl = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(output()) ?? [];
  const health = await fetch(`${baseUrl}/health-check`);
  expect(JSON.parse(await health.text())).toMatchObject({ status: 'READY' });
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
});

it('refuses an unknown chaos profile, and lists the known ones', async () => {
  const { child, output } = start('--chaos', 'gale');
  const [code] = await once(child, 'close');
  expect(code).toBe(2);
  expect(output()).toMatch(/argument 'gale' is invalid\. Allowed choices are resets, .*storm\.\n$/);
});

it('refuses wrong flags in one line', async () => {
  const { child, output } = start('--speed', 'fast');
  const [code] = await once(child, 'close');
  expect(code).toBe(2);
  expect(output()).toMatch(
    /^error: .*'--speed <n>' argument 'fast' is invalid\. Expected a number above 0\.\n$/,
  );
});
