// Makes renditions of images in a separate process and reports the cost; started by
// `bench/renditions.ts`.
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import sharp, { type Sharp } from 'sharp';
import { createGate, gate } from '../src/operators/gate.ts';
import { pullMap } from '../src/operators/pullMap.ts';
import { renderOriginals } from '../src/operators/stages/renditions.ts';
import { encodeRendition } from '../src/renditions/encode.ts';
import { parseRendition } from '../src/renditions/notation.ts';
import { createOverlays } from '../src/renditions/overlays.ts';
import { createRenderer } from '../src/renditions/renderer.ts';
import type { ImageFile, RenditionSpec } from '../src/types.ts';

export interface RenditionsTask {
  /**
   * `plain`: a `sharp(buffer)` for each rendition, with defaults; `each`: the same with our
   * encoders; `once`: as runs do it.
   */
  readonly how: 'plain' | 'each' | 'once';
  readonly originals: readonly ImageFile[];
  readonly renditions: readonly string[];
  readonly out: string;
  /** Images in flight; one for each core is being encoded. */
  readonly inFlight: number;
}

export interface RenditionsMeasured {
  readonly wallS: number;
  readonly cpuS: number;
  readonly peakMb: number;
}

async function eachByItself({ how, originals, renditions, out }: RenditionsTask): Promise<void> {
  const specs = renditions.map(parseRendition);
  const overlays = createOverlays();
  const encode = async (buffer: Buffer, spec: RenditionSpec) =>
    how === 'plain'
      ? plain(sharp(buffer), spec)
      : (await encodeRendition(sharp(buffer), spec, { overlays })).data;
  const queue = originals.entries();
  const worker = async () => {
    for (const [index, { path }] of queue) {
      const buffer = await readFile(path);
      for (const spec of specs) {
        await writeFile(join(out, `${index}--${spec.name}.${spec.format}`), await encode(buffer, spec));
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

function plain(image: Sharp, { widthPx, heightPx, fit, format, quality }: RenditionSpec): Promise<Buffer> {
  return image.resize(widthPx, heightPx, { fit }).toFormat(format, { quality }).toBuffer();
}

async function fromOneDecode(task: RenditionsTask): Promise<void> {
  const specs = task.renditions.map(parseRendition);
  const renderer = createRenderer();
  const encoders = createGate(availableParallelism());
  const made = pullMap(
    task.originals,
    (original) => renderOriginals([original], renderer, specs).pipe(gate(encoders)),
    { concurrency: task.inFlight },
  );
  await lastValueFrom(made);
}

process.once('message', async (task: RenditionsTask) => {
  sharp.concurrency(1);
  sharp.cache(false);
  const [beganMs, before] = [performance.now(), process.cpuUsage()];
  await (task.how === 'once' ? fromOneDecode(task) : eachByItself(task));
  const { user, system } = process.cpuUsage(before);
  const measured: RenditionsMeasured = {
    wallS: (performance.now() - beganMs) / 1_000,
    cpuS: (user + system) / 1_000_000,
    peakMb: process.resourceUsage().maxRSS / 1_024,
  };
  process.send?.(measured, () => process.disconnect());
});
