import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import * as operators from '../../../src/operators/index.ts';
import * as rx from '../../../src/operators/rx/index.ts';

/** Bundles code for a browser, rxjs aside. */
async function bundle(contents: string) {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: 'src/operators/rx', loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    external: ['rxjs'],
    minify: true,
    write: false,
    metafile: true,
  });
  const { text = '' } = outputFiles[0] ?? {};
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { text, imports: [...new Set(imports)], gzippedBytes: gzipSync(text).length };
}

it('runs in a browser: it imports rxjs and nothing else, and is small', async () => {
  const { text, imports, gzippedBytes } = await bundle("export * from './index.ts';");
  expect(imports).toEqual(['rxjs']);
  expect(text).not.toMatch(/\b(?:process|Buffer|__dirname|require|global)\b/);
  expect(gzippedBytes).toBeLessThan(9_500);
});

it('adds only used operators to a bundle', async () => {
  const { gzippedBytes } = await bundle("export { pullMap } from './index.ts';");
  expect(gzippedBytes).toBeLessThan(1_400);
});

it('has the same values as `rxposure/operators` by the same names', () => {
  const errors = ['CircuitOpenError', 'ProviderError', 'RxposureError'];
  const both = Object.fromEntries(Object.entries(rx).filter(([name]) => !errors.includes(name)));
  expect(operators).toMatchObject(both);
  const generic =
    'pullMap gate createGate retryBackoff adaptivePoll rateLimit inWaves requeue circuitBreaker';
  for (const name of `${generic} fallbackTo keepBest tapEvents paced`.split(' '))
    expect(rx).toHaveProperty(name);
});
