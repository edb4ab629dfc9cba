import { readFile } from 'node:fs/promises';
import type { SharpOptions } from 'sharp';
import { toStorageError } from '../disk/storageError.ts';
import {
  type Decoding,
  decodeOptions,
  decodeWhole,
  drawnPixels,
  neededScale,
  type RawPixels,
  type WantedSizes,
} from './decodePixels.ts';
import { createDecoder, type Decoder, inMegabytes, tooMuchMemory, undecodable } from './decoder.ts';
import type { DecodingNotes } from './decodingNotes.ts';
import { StructureFault } from './formats/bytesReader.ts';
import type { ImageFacts } from './formats/imageFacts.ts';
import { type ImageMemory, type MemoryShare, sharedImageMemory } from './imageMemory.ts';
import { type InspectedImage, inspectImage } from './inspectImage.ts';

export interface OpenImageConfig {
  /** The sizes that are made of the image. */
  wanted: WantedSizes;
  /** Memory that is taken while the image is open, besides its pixels. Default 0. */
  extraBytes?: number;
  /** Notes of the run folder. Default: none are made. */
  notes?: DecodingNotes | undefined;
  /** Refuses a large image instead of decoding it apart. Default false. */
  onlySmall?: boolean;
  signal?: AbortSignal | undefined;
  /** Default: that of the process. */
  memory?: ImageMemory;
  /** Decodes large images. Default: that of the process. */
  decoder?: Decoder;
}

/** An image to make others of: the input and options for sharp. */
export interface OpenedImage {
  readonly input: string | Buffer;
  readonly options: SharpOptions;
  /** How it is decoded; null if `input` has its pixels, upright and as large as they are needed. */
  readonly decoding: Decoding | null;
}

/** Runs a task that decodes an open image, so that it fails if a part of the image is missing. */
export function decodeOpened<T>(
  { options, decoding }: OpenedImage,
  decode: (options: SharpOptions) => Promise<T>,
): Promise<T> {
  return decodeWhole(options, decoding?.format ?? 'raw', decode);
}

/**
 * Opens an image for `use` within the memory that all images of the process share: waits until as
 * much is free as its format and size need. A large image, and one that its header does not bound
 * (SVG), is decoded in a process of its own, one at a time; then `use` gets its pixels.
 *
 * Rejects with `RenderError`: `ERR_UNDECODABLE` if it is no image, `ERR_TOO_MUCH_MEMORY` if it
 * needs more memory than there is, `ERR_DECODING_TIMEOUT`, `ERR_DECODING_DIED`; with `StorageError`
 * if it cannot be read; with the error of `use`.
 */
export async function withImage<T>(
  path: string,
  config: OpenImageConfig,
  use: (image: OpenedImage) => Promise<T>,
): Promise<T> {
  const { memory = sharedImageMemory(), onlySmall = false, signal } = config;
  const facts = await inspect(path);
  const needs = needsOf(facts, config);
  const isLarge = needs.hereBytes > memory.largeBytes;
  if (isLarge && onlySmall) throw tooMuchMemory(path, `about ${inMegabytes(needs.hereBytes)}`);
  const isApart = isLarge || facts.isUnbounded;
  const { format, widthPx, heightPx } = facts;
  const shrinksUpTo = isApart ? 1 : SHRINKS_UP_TO;
  const decoding: Decoding = { format, widthPx, heightPx, wanted: config.wanted, shrinksUpTo };
  if (isApart) return useApart(path, { ...config, memory, decoding, needs }, use);
  return memory.within(needs.hereBytes + needs.extraBytes, async () => {
    signal?.throwIfAborted();
    // libvips reads brackets at the end of a name as options.
    const input = facts.content ?? (path.endsWith(']') ? await readFile(path) : path);
    return use({ input, options: decodeOptions(decoding), decoding });
  });
}

async function inspect(path: string): Promise<InspectedImage> {
  try {
    return await inspectImage(path);
  } catch (error) {
    if (error instanceof StructureFault) throw undecodable(path, error.message, error);
    throw toStorageError(error, path);
  }
}

/** An image is shrunk while it is decoded if it is at least twice as large as needed. */
const SHRINKS_UP_TO = 0.5;

/** For the needs of a task besides pixels. */
const TASK_BYTES = 4_000_000;
/** A process with Node and sharp, before it decodes anything. */
const PROCESS_BYTES = 90_000_000;
/** Each pixel, transparency included. */
const PIXEL_BYTES = 4;

/** The memory that an image needs. */
interface Needs {
  /** To decode it here. */
  readonly hereBytes: number;
  /** To decode it apart, in the process that does it. */
  readonly apartBytes: number;
  /** For the pixels that come from there. */
  readonly pixelBytes: number;
  /** For the images that are made of it. */
  readonly extraBytes: number;
}

function needsOf(
  { format, widthPx, heightPx, memory }: ImageFacts,
  { wanted, extraBytes = 0 }: Pick<OpenImageConfig, 'wanted' | 'extraBytes'>,
): Needs {
  // Whether it stands upright is not known yet.
  const scale = Math.max(neededScale(widthPx, heightPx, wanted), neededScale(heightPx, widthPx, wanted));
  const decoderBytes = scale <= SHRINKS_UP_TO ? memory.shrunk : memory.full;
  const pixelBytes = (shrinksUpTo: number) =>
    PIXEL_BYTES *
    (format === 'svg'
      ? drawnPixels(widthPx, heightPx, scale)
      : widthPx * heightPx * (scale <= shrinksUpTo ? scale ** 2 : 1));
  return {
    // The pixels, and their copy while they are turned or packed.
    hereBytes: decoderBytes + 2 * pixelBytes(SHRINKS_UP_TO) + TASK_BYTES,
    apartBytes: decoderBytes + 2 * pixelBytes(1) + PROCESS_BYTES,
    pixelBytes: pixelBytes(1) + TASK_BYTES,
    extraBytes,
  };
}

interface Apart extends OpenImageConfig {
  readonly memory: ImageMemory;
  readonly decoding: Decoding;
  readonly needs: Needs;
}

async function useApart<T>(path: string, config: Apart, use: (image: OpenedImage) => Promise<T>): Promise<T> {
  const { share, pixels } = await config.memory.inTurn(() => decodeApart(path, config));
  try {
    const { data, widthPx: width, heightPx: height, channels } = pixels;
    const raw = { width, height, channels };
    return await use({ input: data, options: { raw, limitInputPixels: width * height }, decoding: null });
  } finally {
    share.leave();
  }
}

/** Estimates may be too low by a quarter; an image without one may have half of all memory. */
const MARGIN = 1.25;
const UNBOUNDED_PART = 0.5;

async function decodeApart(
  path: string,
  { memory, decoding, needs, notes, signal, decoder = sharedDecoder() }: Apart,
): Promise<{ readonly share: MemoryShare; readonly pixels: RawPixels }> {
  const { apartBytes, pixelBytes, extraBytes } = needs;
  const { budgetBytes } = memory;
  signal?.throwIfAborted();
  const most = budgetBytes - pixelBytes;
  if (apartBytes > most) {
    const takes = `about ${inMegabytes(apartBytes + pixelBytes)}, while ${inMegabytes(budgetBytes)} are there for images`;
    throw tooMuchMemory(path, takes);
  }
  const limitBytes = Math.min(most, Math.max(apartBytes * MARGIN, budgetBytes * UNBOUNDED_PART));
  // Images are made of the pixels when that process is done.
  const share = await memory.enter(pixelBytes + Math.max(limitBytes, extraBytes));
  try {
    signal?.throwIfAborted();
    const takeBack = await notes?.begin(path, budgetBytes);
    try {
      const pixels = await decoder.decode({ ...decoding, path, limitBytes }, signal);
      share.shrink(pixelBytes + extraBytes);
      return { share, pixels };
    } finally {
      takeBack?.();
    }
  } catch (error) {
    share.leave();
    throw error;
  }
}

let shared: Decoder | undefined;

function sharedDecoder(): Decoder {
  shared ??= createDecoder();
  return shared;
}
