import { imagesAskedFor } from '../../../base/modelInput.ts';
import { isSimulated } from '../../../base/service.ts';
import { type FreeSpace, freeSpace } from '../../../disk/freeSpace.ts';
import { option, UsageError } from '../../../errors.ts';
import { inMegabytes } from '../../../images/decoder.ts';
import type { Plan, RenditionFormat } from '../../../types.ts';
import type { GenerateConfig } from '../../journey/config.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun, RunSettings } from '../settings.ts';

/** Plans that are looked at; the others are taken to be like them. */
const LOOKED_AT = 1_000;
/** For journal, manifest, report and gallery. */
const FLOOR_BYTES = 20_000_000;
/** No image of a model is smaller, with its sidecar and its lines in journal and manifest. */
const LEAST_BYTES = 10_000;
/** Sidecar, thumbnail, and the lines in journal and manifest. */
const BESIDE_BYTES = 25_000;
/** Originals of a million pixels, by the format that the input asks for. */
const ORIGINAL_BYTES = { png: 1_400_000, other: 250_000 } as const;
/** Bytes of a pixel in renditions at usual qualities. */
const PIXEL_BYTES: Readonly<Record<RenditionFormat, number>> = { jpeg: 0.2, webp: 0.12, avif: 0.1, png: 1.4 };

/** The settings that decide which files a run stores. */
type Storing = Pick<
  RunSettings,
  'folder' | 'detach' | 'deleteLocal' | 'keepOriginals' | 'sidecars' | 'gallery' | 'freeSpaceOf'
>;

/** The parts of a run that decide which jobs are to be made. */
type Judging = Pick<OpenRun, 'isSaved' | 'isChosen'> & {
  readonly config: Pick<GenerateConfig, 'service'>;
};

/** Compares the free space on the disk with the needs of a run. */
interface SpaceCheck {
  /** Returns plans that are looked at as they are read: no pass of its own. */
  watch(plans: PlanSource): () => AsyncGenerator<Plan>;
  /**
   * Rejects with `UsageError` if the room certainly does not suffice for the `jobs` that are left;
   * warns if it probably does not, and for images of a simulator, which are smaller and free. Does
   * nothing if the file system does not report its free space, or nothing is stored now.
   */
  expect(jobs: number, warn: (message: string) => void): Promise<void>;
}

/** Creates the check of a run. Call `expect` before anything is paid. */
export function createSpaceCheck(run: Judging, settings: Storing): SpaceCheck {
  const { folder, detach = false, freeSpaceOf = freeSpace } = settings;
  const sample = createSample(run, settings);
  return {
    watch: (plans) => () => sample.read(plans),
    async expect(jobs, warn) {
      const needs = sample.needs(jobs);
      if (jobs === 0 || detach || needs.images === 0) return;
      const space = await freeSpaceOf(folder);
      if (space !== null) judge(needs, space, { run, settings, warn });
    },
  };
}

interface Verdict {
  readonly run: Judging;
  readonly settings: Storing;
  readonly warn: (message: string) => void;
}

function judge(needs: Needs, space: FreeSpace, { run, settings, warn }: Verdict): void {
  const { folder } = settings;
  const { images, leastImages, bytes, files } = needs;
  const leastBytes = FLOOR_BYTES + (settings.deleteLocal === true ? 0 : leastImages * LEAST_BYTES);
  const roomForFiles = space.files ?? Number.POSITIVE_INFINITY;
  const isTooLittle =
    space.bytes < leastBytes || (roomForFiles < leastImages && settings.deleteLocal !== true);
  // A simulator's drawings are smaller than images of models, and nothing is paid for them.
  if (isTooLittle && !isSimulated(run.config.service)) {
    throw new UsageError(`Too little room for the images of this run in ${folder}: ${roomText(space)}.`, {
      suggestion: `Free some space, or choose a folder on another disk with ${option('--out')}. Nothing has been created or paid.`,
    });
  }
  if (settings.deleteLocal === true) return;
  if (space.bytes < bytes) {
    warn(
      `The disk may become full: ${numberText(images, 'image')} will take about ${inMegabytes(bytes)}, and ${inMegabytes(space.bytes)} are free. If it does, the run ends, and continues when there is room.`,
    );
  } else if (roomForFiles < files) {
    warn(
      `The disk may run out of files: ${numberText(images, 'image')} will take about ${numberText(files, 'file')}, and ${numberText(roomForFiles, 'more file')} can be made there.`,
    );
  }
}

/** The files that a run will write. */
interface Needs {
  readonly images: number;
  /** Images that are certainly made, if all goes well. */
  readonly leastImages: number;
  /** Probably. */
  readonly bytes: number;
  readonly files: number;
}

/** The first plans of a run, summed up as they are read. */
interface Sample {
  read(plans: PlanSource): AsyncGenerator<Plan>;
  /** Returns the needs of so many jobs. */
  needs(jobs: number): Needs;
}

function createSample({ isSaved, isChosen }: Judging, settings: Storing): Sample {
  const sums = { unsaved: 0, images: 0, bytes: 0, files: 0 };
  let looked = 0;
  let isAll = false;
  const look = (plan: Plan): void => {
    looked += 1;
    if (looked > LOOKED_AT || isSaved(plan)) return;
    sums.unsaved += 1;
    if (!isChosen(plan.index)) return;
    const images = imagesAskedFor(plan.input);
    sums.images += images;
    sums.bytes += images * bytesOf(plan, settings);
    sums.files += images * filesOf(plan, settings);
  };
  return {
    async *read(plans) {
      for await (const plan of plans()) {
        look(plan);
        yield plan;
      }
      isAll = looked <= LOOKED_AT;
    },
    needs(jobs) {
      const { unsaved, images, bytes, files } = sums;
      const scale = isAll || unsaved === 0 ? 1 : Math.max(1, jobs / unsaved);
      return {
        images: Math.round(images * scale),
        leastImages: images,
        bytes: bytes * scale,
        files: Math.round(files * scale),
      };
    },
  };
}

function bytesOf({ input, renditions }: Plan, { keepOriginals = false }: Storing) {
  const original = ORIGINAL_BYTES[/png/i.test(String(input.output_format ?? '')) ? 'png' : 'other'];
  const rendered = renditions.reduce(
    (sum, { widthPx, heightPx, format }) => sum + widthPx * heightPx * PIXEL_BYTES[format],
    0,
  );
  return (keepOriginals ? 2 : 1) * original + rendered + BESIDE_BYTES;
}

function filesOf(
  { renditions }: Plan,
  { keepOriginals = false, sidecars = true, gallery = true }: Storing,
): number {
  return 1 + renditions.length + [keepOriginals, sidecars, gallery].filter(Boolean).length;
}

function roomText({ bytes, files }: FreeSpace): string {
  const room = `${inMegabytes(bytes)} are free`;
  return files === null ? room : `${room}, and ${numberText(files, 'more file')} can be made`;
}

function numberText(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
