import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { ignoreElements } from 'rxjs';
import type { Sharp } from 'sharp';
import { fromAbortable } from '../base/fromAbortable.ts';
import { expectOptions, having, type OptionRules, optionRules } from '../base/options.ts';
import { syncFolder } from '../disk/folders.ts';
import { giveName, type MayReplace } from '../disk/giveName.ts';
import { importPackage, toStorageError } from '../disk/storageError.ts';
import { removeTemporary, writeTemporary } from '../disk/writeFiles.ts';
import type { DecodingNotes } from '../images/decodingNotes.ts';
import { withImage } from '../images/openImage.ts';
import type { ProvenanceWriter, Renderer } from '../ports.ts';
import type { ImageFile, RenderedFile, RenditionFormat, RenditionSpec } from '../types.ts';
import { checkDecodable, type DecodedOriginal, decodeOriginal } from './decode.ts';
import { encodeRendition, encodingBytes } from './encode.ts';
import { createOverlays, type Overlays } from './overlays.ts';

export interface RendererConfig {
  /**
   * Threads that sharp uses for one image. A batch is faster with many images at a time than with
   * many threads for each. Sharp has one such setting for the whole process. Default 1.
   */
  threads?: number;
  /** Notes of the run folder, for images that are decoded apart. Default: none are made. */
  notes?: DecodingNotes;
  /** Draws a preview of each original from the decode of its renditions. Default: no-op. */
  preview?: Preview;
}

/** A further, small image of an original, which is not one of its renditions. */
export interface Preview {
  /** Its longest side. */
  readonly sidePx: number;
  /** Draws the preview of an original from its pixels. Never rejects. */
  draw(original: ImageFile, pixels: Sharp): Promise<void>;
}

const rules: OptionRules<RendererConfig> = {
  threads: optionRules.count,
  notes: having('notes of a run folder', 'begin'),
  preview: having('a preview', 'sidePx', 'draw'),
};

const EXTENSIONS: Readonly<Record<RenditionFormat, string>> = {
  jpeg: 'jpg',
  webp: 'webp',
  avif: 'avif',
  png: 'png',
};

/**
 * Makes all renditions of an original from one decode, one after the other. Emits them together, in
 * the order of the specs, once each is flushed and renamed to `<stem>--<spec name>.<extension>`. An
 * original that is no image has none. Names of other files are avoided as `giveName` does.
 *
 *     render(original, [square, story], 'out/cat')   ----(r|)   out/cat--square.jpg, out/cat--story.webp
 *     unsubscribed                                   --!        no temporary file stays
 *
 * Emits `RenderError` if the original cannot be decoded or a rendition cannot be encoded,
 * `StorageError` if the disk refuses. To keep more cores busy, render more originals at a time: all
 * together keep to the memory for images (`withImage`).
 *
 * Throws a RangeError if an option is invalid, `UsageError` for a name that none has.
 */
export function createRenderer(config: RendererConfig = {}): Renderer {
  expectOptions(config, rules);
  const { threads = 1, notes, preview } = config;
  const overlays = createOverlays();
  return {
    check: ({ path, widthPx }) =>
      fromAbortable(async (signal) => {
        if (widthPx !== null) await checkDecodable(path, { notes, signal });
      }).pipe(ignoreElements()),
    render: (original, specs, stem, embedProvenance, mayReplace = () => false) =>
      fromAbortable(async (signal) => {
        const { path, widthPx, heightPx } = original;
        if (widthPx === null || heightPx === null || specs.length === 0) return [];
        // Loaded with the first image, while predictions run, so that a run starts sooner.
        const { default: sharp } = await importPackage('sharp', () => import('sharp'));
        sharp.concurrency(threads);
        // Each original is decoded once, so a cache would never be hit.
        sharp.cache(false);
        const sides = preview === undefined ? [] : [{ widthPx: preview.sidePx, heightPx: preview.sidePx }];
        const wanted = { fit: 'cover', boxes: [...specs, ...sides] } as const;
        const extraBytes = Math.max(...specs.map(encodingBytes));
        return withImage(path, { wanted, extraBytes, notes, signal }, async (image) => {
          const decoded = await decodeOriginal(image, path);
          const rendering = { stem, overlays, embedProvenance, mayReplace, signal };
          const files = await renderAll(decoded, specs, rendering);
          await preview?.draw(original, decoded());
          return files;
        });
      }),
  };
}

interface Target {
  readonly spec: RenditionSpec;
  readonly path: string;
}

/** A rendition that is complete under a temporary name. */
interface WrittenRendition {
  readonly file: RenderedFile;
  readonly temporary: string;
}

interface Rendering {
  readonly stem: string;
  readonly overlays: Overlays;
  readonly embedProvenance: ProvenanceWriter | undefined;
  readonly mayReplace: MayReplace;
  readonly signal: AbortSignal;
}

async function renderAll(
  decoded: DecodedOriginal,
  specs: readonly RenditionSpec[],
  { stem, ...config }: Rendering,
): Promise<readonly RenderedFile[]> {
  config.signal.throwIfAborted();
  const targets = specs.map((spec) => ({ spec, path: `${stem}--${spec.name}.${EXTENSIONS[spec.format]}` }));
  const written: WrittenRendition[] = [];
  try {
    await writeTemporaries(decoded, targets, written, config);
    return await renameTemporaries(written, dirname(stem), config.mayReplace);
  } catch (error) {
    for (const { temporary } of written) await removeTemporary(temporary);
    throw error;
  }
}

/**
 * Writes each rendition to a temporary file, and notes it in `written`. The final names appear only
 * once all are complete.
 */
async function writeTemporaries(
  decoded: DecodedOriginal,
  targets: readonly Target[],
  written: WrittenRendition[],
  { overlays, embedProvenance, signal }: Omit<Rendering, 'stem'>,
): Promise<void> {
  for (const { spec, path } of targets) {
    signal.throwIfAborted();
    const { data, info } = await encodeRendition(decoded(), spec, {
      overlays,
      ...(embedProvenance && { embedProvenance }),
    });
    const temporary = await writeTemporary(path, data).catch((error: unknown) => {
      throw toStorageError(error, path);
    });
    const file = {
      spec,
      path,
      bytes: data.length,
      sha256: createHash('sha256').update(data).digest('hex'),
      format: spec.format,
      widthPx: info.width,
      heightPx: info.height,
    };
    written.push({ file, temporary });
  }
  signal.throwIfAborted();
}

async function renameTemporaries(
  written: readonly WrittenRendition[],
  folder: string,
  mayReplace: MayReplace,
): Promise<readonly RenderedFile[]> {
  const renamed: RenderedFile[] = [];
  try {
    for (const { file, temporary } of written) {
      renamed.push({ ...file, path: await giveName(temporary, file.path, mayReplace) });
    }
    await syncFolder(folder);
    return renamed;
  } catch (error) {
    throw toStorageError(error, folder);
  }
}
