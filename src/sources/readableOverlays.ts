import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { loaded } from '../loaded.ts';
import type { RenditionSpec } from '../types.ts';

/** Enough to have gone through the whole of a picture. */
const SAMPLE_PX = 64;

/**
 * The renditions with the absolute paths of their overlays; relative ones begin in `folder`. Each overlay is decoded once, so
 * that none turns out to be unreadable in the middle of a run.
 *
 * Rejects with `UsageError` where one is not there, or no whole picture.
 */
export async function readableOverlays(
  specs: readonly RenditionSpec[],
  folder: string,
): Promise<readonly RenditionSpec[]> {
  if (specs.every(({ overlay }) => overlay === undefined)) return specs;
  const placed = specs.map((spec) => {
    if (spec.overlay === undefined) return spec;
    return { ...spec, overlay: { ...spec.overlay, file: resolve(folder, spec.overlay.file) } };
  });
  const checked = new Set<string>();
  for (const { name, overlay } of placed) {
    if (overlay === undefined || checked.has(overlay.file)) continue;
    checked.add(overlay.file);
    await expectPicture(overlay.file, name);
  }
  return placed;
}

async function expectPicture(path: string, rendition: string): Promise<void> {
  const { default: sharp } = await loaded(import('sharp'), 'sharp');
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new Error('something that is not a file');
    await sharp(path, { failOn: 'error' }).resize(SAMPLE_PX, SAMPLE_PX, { fit: 'inside' }).raw().toBuffer();
  } catch (cause) {
    throw new UsageError(
      `Expected a whole picture at ${path}, the overlay of the rendition ${rendition}, got ${reasonOf(cause)}`,
      {
        suggestion: 'Check the path: relative ones begin beside the spec, or in the working directory.',
        cause,
      },
    );
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const isMissing = 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR');
  return isMissing ? 'none' : cause.message;
}
