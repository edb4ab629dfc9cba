import { imagesAskedFor } from '../../../base/modelInput.ts';
import { isSimulated } from '../../../base/service.ts';
import { type FreeSpace, freeSpace } from '../../../disk/freeSpace.ts';
import { UsageError } from '../../../errors.ts';
import { inMegabytes } from '../../../images/decoder.ts';
import type { Plan, RenditionFormat } from '../../../types.ts';
import type { GenerateConfig } from '../../journey/config.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun, RunSettings } from '../settings.ts';

/** The jobs of a run that are still to be made. */
interface Remaining {
  readonly plans: PlanSource;
  /** Their number. */
  readonly jobs: number;
  readonly warn: (message: string) => void;
}

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

/**
 * Compares the room on the disk with what a run will take, before anything is paid. Rejects with
 * `UsageError` if it certainly does not suffice; warns if it probably does not, and for images of a
 * simulator, which are smaller and free. Does nothing if the file system does not say how much room
 * there is, or nothing is stored now.
 */
export async function expectSpace(
  { plans, jobs, warn }: Remaining,
  run: Pick<OpenRun, 'isSaved' | 'isChosen'> & { readonly config: Pick<GenerateConfig, 'service'> },
  settings: Pick<
    RunSettings,
    'folder' | 'detach' | 'deleteLocal' | 'keepOriginals' | 'sidecars' | 'gallery' | 'freeSpaceOf'
  >,
): Promise<void> {
  const { folder, detach = false, freeSpaceOf = freeSpace } = settings;
  const space = jobs === 0 || detach ? null : await freeSpaceOf(folder);
  if (space === null) return;
  // If the plans cannot be read, the run itself says so.
  const needs = await needsOf(plans, jobs, run, settings).catch(() => null);
  if (needs === null || needs.images === 0) return;
  const { images, leastImages, bytes, files } = needs;
  const leastBytes = FLOOR_BYTES + (settings.deleteLocal === true ? 0 : leastImages * LEAST_BYTES);
  const roomForFiles = space.files ?? Number.POSITIVE_INFINITY;
  const isTooLittle =
    space.bytes < leastBytes || (roomForFiles < leastImages && settings.deleteLocal !== true);
  // A simulator's drawings are smaller than images of models, and nothing is paid for them.
  if (isTooLittle && !isSimulated(run.config.service)) {
    throw new UsageError(`Too little room for the images of this run in ${folder}: ${roomText(space)}.`, {
      suggestion:
        'Free some space, or choose a folder on another disk with --out. Nothing has been created or paid.',
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

/** What a run will take. */
interface Needs {
  readonly images: number;
  /** Images that are certainly made, if all goes well. */
  readonly leastImages: number;
  /** Probably. */
  readonly bytes: number;
  readonly files: number;
}

async function needsOf(
  plans: PlanSource,
  jobs: number,
  { isSaved, isChosen }: Pick<OpenRun, 'isSaved' | 'isChosen'>,
  settings: Pick<RunSettings, 'keepOriginals' | 'sidecars' | 'gallery'>,
): Promise<Needs> {
  const sums = { unsaved: 0, images: 0, bytes: 0, files: 0 };
  let looked = 0;
  let isAll = true;
  for await (const plan of plans()) {
    if (looked === LOOKED_AT) {
      isAll = false;
      break;
    }
    looked += 1;
    if (isSaved(plan)) continue;
    sums.unsaved += 1;
    if (!isChosen(plan.index)) continue;
    const images = imagesAskedFor(plan.input);
    sums.images += images;
    sums.bytes += images * bytesOf(plan, settings);
    sums.files += images * filesOf(plan, settings);
  }
  const scale = isAll || sums.unsaved === 0 ? 1 : Math.max(1, jobs / sums.unsaved);
  return {
    images: Math.round(sums.images * scale),
    leastImages: sums.images,
    bytes: sums.bytes * scale,
    files: Math.round(sums.files * scale),
  };
}

function bytesOf({ input, renditions }: Plan, { keepOriginals = false }: Pick<RunSettings, 'keepOriginals'>) {
  const original = ORIGINAL_BYTES[/png/i.test(String(input.output_format ?? '')) ? 'png' : 'other'];
  const rendered = renditions.reduce(
    (sum, { widthPx, heightPx, format }) => sum + widthPx * heightPx * PIXEL_BYTES[format],
    0,
  );
  return (keepOriginals ? 2 : 1) * original + rendered + BESIDE_BYTES;
}

function filesOf(
  { renditions }: Plan,
  { keepOriginals = false, sidecars = true, gallery = true }: Parameters<typeof needsOf>[3],
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
