import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JPEG, PNG } from '@trustnxt/c2pa-ts/asset';
import { SuperBox } from '@trustnxt/c2pa-ts/jumbf';
import { ManifestStore } from '@trustnxt/c2pa-ts/manifest';
import { lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createPictureSigner } from '../../../src/provenance/signPicture.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { parseRendition } from '../../../src/renditions/notation.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/index.ts';
import { outcomeSchema } from '../../../src/sinks/manifest/readOutcomes.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import type { Outcome, OutcomeFile } from '../../../src/types.ts';
import { anIdentity } from '../../helpers/anIdentity.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const MADE_BY_MODEL = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';

const folder = temporaryFolder();
let simulator: Simulator | null = null;
afterEach(async () => {
  await simulator?.close();
  simulator = null;
});

const jobs = ['webp', 'png', 'jpg'].map((format, index) => ({
  index,
  prompt: `A pear & a "plum", number ${index}`,
  model: 'black-forest-labs/flux-schnell',
  version: null,
  input: { prompt: `A pear & a "plum", number ${index}`, seed: index, output_format: format },
  tags: {},
  renditions: ['a=16x16,jpeg', 'b=16x16,png', 'c=16x16,webp', 'd=16x16,avif,max=3kB'].map((text) =>
    parseRendition(text),
  ),
}));

async function run(name: string, fields: Partial<RunSettings> = {}, service = 'replicate') {
  simulator ??= await startSimulator({ render: 'fast', speed: 100 });
  const warnings: string[] = [];
  const emit = (event: RunEvent) => {
    if (event.type === 'warning') warnings.push(event.message);
  };
  const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
  const runFolder = join(folder(), name);
  const provider = createReplicateProvider({ ...simulator, service });
  await lastValueFrom(runToFolder(plans, { folder: runFolder, provider, emit, ...fields }));
  const text = await readFile(join(runFolder, 'manifest.json'), 'utf8');
  const { outcomes } = z.object({ outcomes: z.array(outcomeSchema) }).parse(JSON.parse(text));
  return { outcomes, warnings, runFolder };
}

async function eachFile(
  { outcomes, runFolder }: { outcomes: readonly Outcome[]; runFolder: string },
  look: (xmp: string | null, file: OutcomeFile, outcome: Outcome) => void,
): Promise<void> {
  for (const outcome of outcomes) {
    for (const file of outcome.files) {
      const bytes = await readFile(join(runFolder, file.path));
      expect(createHash('sha256').update(bytes).digest('hex'), file.path).toBe(file.sha256);
      expect(bytes.length).toBe(file.bytes);
      look((await sharp(bytes).metadata()).xmp?.toString() ?? null, file, outcome);
    }
  }
}

describe('provenance of a run', () => {
  it('is in each original and each rendition, and counts in their hashes and in how large they may be', async () => {
    const made = await run('full');
    expect(made.outcomes.flatMap(({ files }) => files)).toHaveLength(15);
    await eachFile(made, (xmp, { name, bytes }, { predictionId, index }) => {
      expect(xmp).toContain(MADE_BY_MODEL);
      expect(xmp).toContain(`https://replicate.com/p/${predictionId}`);
      expect(xmp).toContain(`A pear &amp; a &quot;plum&quot;, number ${index}`);
      if (name === 'd') expect(bytes).toBeLessThanOrEqual(3_000);
    });
    expect(made.warnings).toEqual([]);
  });

  it('leaves out the prompt, or all of it, if set so', async () => {
    await eachFile(await run('minimal', { provenance: 'minimal' }), (xmp) => {
      expect(xmp).toContain(MADE_BY_MODEL);
      expect(xmp).not.toContain('pear');
    });
    await eachFile(await run('none', { provenance: 'none' }), (xmp) => expect(xmp).toBeNull());
  });

  it('changes no pixel, and keeps unchanged originals if set so', async () => {
    const made = await run('kept', { keepOriginals: true });
    const untouched = new Map<number, OutcomeFile>();
    await eachFile(made, (xmp, file, { index }) => {
      if (file.role === 'untouched') untouched.set(index, file);
      else expect(xmp).toContain(MADE_BY_MODEL);
      expect(file.role === 'untouched').toBe(xmp === null);
    });
    for (const { index, files } of made.outcomes) {
      const [original] = files;
      const kept = untouched.get(index);
      expect(kept?.path).toBe(`originals/${original?.path}`);
      const pixels = (path = '') => sharp(join(made.runFolder, path)).raw().toBuffer();
      expect(await pixels(original?.path)).toEqual(await pixels(kept?.path));
    }
    await run('none', { provenance: 'none', keepOriginals: true });
    expect(existsSync(join(folder(), 'none', 'originals'))).toBe(false);
  });

  it('is signed, original and rendition, if the format can be, and the key is nowhere', async () => {
    const identity = await anIdentity();
    const sign = await createPictureSigner(identity);
    const made = await run('signed', { sign });
    const signed = new Set<string>();
    await eachFile(made, (xmp, { path, format }) => {
      expect(xmp).toContain(MADE_BY_MODEL);
      if (format === 'jpeg' || format === 'png') signed.add(path);
    });
    expect(signed.size).toBe(2 + 6);
    for (const path of signed) {
      const bytes = await readFile(join(made.runFolder, path));
      const asset = JPEG.canRead(bytes) ? new JPEG(bytes) : new PNG(bytes);
      const store = ManifestStore.read(SuperBox.fromBuffer(new Uint8Array(asset.getManifestJUMBF() ?? [])));
      expect((await store.validate(asset)).isValid, path).toBe(true);
    }
    expect(made.warnings).toEqual([
      expect.stringMatching(/format \w+ are not signed/),
      expect.stringMatching(/format \w+ are not signed/),
    ]);
    const secret = identity.privateKeyPem.split('\n')[1] ?? '';
    for (const entry of await readdir(made.runFolder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      expect((await readFile(join(entry.parentPath, entry.name))).includes(secret), entry.name).toBe(false);
    }
  });

  it('of images from the cache is that of the run that uses them', async () => {
    const cacheFolder = join(folder(), 'cache');
    await run('first', { cacheFolder });
    const again = await run('again', { cacheFolder, provenance: 'minimal' });
    expect(again.outcomes.map(({ cached }) => cached)).toEqual([true, true, true]);
    expect(simulator?.stats().created).toBe(3);
    await eachFile(again, (xmp) => {
      expect(xmp).toContain(MADE_BY_MODEL);
      expect(xmp).not.toContain('pear');
    });
  });

  it('names the simulator, and no model, in images that it has drawn', async () => {
    const sign = await createPictureSigner(await anIdentity());
    const made = await run('simulated', { sign }, 'simulator');
    await eachFile(made, (xmp, _file, { predictionId, index }) => {
      expect(xmp).toContain('http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"');
      expect(xmp).toContain('AISystemUsed="rxposure simulator"');
      expect(xmp).toContain(`urn:rxposure:prediction:${predictionId}`);
      expect(xmp).toContain(`A pear &amp; a &quot;plum&quot;, number ${index}`);
      expect(xmp).not.toMatch(/trainedAlgorithmicMedia|flux|Replicate|replicate\.com|AISystemVersion/);
    });
    for (const { path } of made.outcomes.flatMap(({ files }) => files)) {
      const bytes = await readFile(join(made.runFolder, path));
      expect(bytes.includes('trainedAlgorithmicMedia'), path).toBe(false);
      expect(bytes.includes('flux-schnell'), path).toBe(false);
    }
    expect(made.outcomes.map(({ service }) => service)).toEqual(['simulator', 'simulator', 'simulator']);
  });
});
