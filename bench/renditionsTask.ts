// Makes renditions of pictures in a process of its own and tells what that took; `bench/renditions.ts` starts it.
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, of } from 'rxjs';
import sharp from 'sharp';
import { createGate } from '../src/operators/createGate.ts';
import { gate } from '../src/operators/gate.ts';
import { pullMap } from '../src/operators/pullMap.ts';
import { renditions } from '../src/operators/renditions.ts';
import { createOverlays } from '../src/sinks/createOverlays.ts';
import { createRenderer } from '../src/sinks/createRenderer.ts';
import { encodeRendition } from '../src/sinks/encodeRendition.ts';
import { parseRendition } from '../src/sources/parseRendition.ts';
import type { ImageFile } from '../src/types.ts';

export interface RenditionsTask {
  /** `each`: a `sharp(buffer)` for each rendition, with our encoders; `once`: as runs do it. */
  readonly how: 'each' | 'once';
  readonly originals: readonly ImageFile[];
  readonly renditions: readonly string[];
  readonly out: string;
  /** Pictures that were begun and are not done; as many as there are cores are worked at. */
  readonly underWay: number;
}

export interface RenditionsMeasured {
  readonly wallS: number;
  readonly cpuS: number;
  readonly peakMb: number;
}

async function eachByItself({ originals, renditions, out }: RenditionsTask): Promise<void> {
  const specs = renditions.map(parseRendition);
  const overlays = createOverlays();
  const queue = originals.entries();
  const worker = async () => {
    for (const [place, { path }] of queue) {
      const buffer = await readFile(path);
      for (const spec of specs) {
        const { data } = await encodeRendition(sharp(buffer), spec, { overlays });
        await writeFile(join(out, `${place}--${spec.name}.${spec.format}`), data);
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

async function fromOneDecode(task: RenditionsTask): Promise<void> {
  const specs = task.renditions.map(parseRendition);
  const renderer = createRenderer();
  const encoders = createGate(availableParallelism());
  const made = pullMap(
    task.originals,
    (original) => of([original]).pipe(renditions(renderer, specs, { within: gate(encoders) })),
    { concurrency: task.underWay },
  );
  await lastValueFrom(made);
}

process.once('message', async (task: RenditionsTask) => {
  sharp.concurrency(1);
  sharp.cache(false);
  const [beganMs, before] = [performance.now(), process.cpuUsage()];
  await (task.how === 'each' ? eachByItself(task) : fromOneDecode(task));
  const { user, system } = process.cpuUsage(before);
  const measured: RenditionsMeasured = {
    wallS: (performance.now() - beganMs) / 1_000,
    cpuS: (user + system) / 1_000_000,
    peakMb: process.resourceUsage().maxRSS / 1_024,
  };
  process.send?.(measured, () => process.disconnect());
});
