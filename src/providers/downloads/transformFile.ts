import { createHash } from 'node:crypto';
import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { firstValueFrom, from, takeUntil } from 'rxjs';
import { abortOf } from '../../base/fromAbortable.ts';
import { messageOf } from '../../base/text.ts';
import { copyWhole } from '../../disk/copyFiles.ts';
import { statsOf } from '../../disk/giveName.ts';
import { newTemporaryPath } from '../../disk/writeFiles.ts';
import { RenderError } from '../../errors.ts';
import type { DownloadTarget, ImageFile, Transformed } from '../../types.ts';
import { putDown, type ReceivedFile } from './receivedFile.ts';

/** A file that was received whole and identified, under its temporary name. */
export interface IdentifiedFile extends Pick<ImageFile, 'path' | 'format' | 'widthPx' | 'heightPx'> {
  readonly extension: string;
  readonly received: ReceivedFile;
}

interface TransformConfig {
  readonly transform: NonNullable<DownloadTarget['transform']>;
  readonly target: Pick<DownloadTarget, 'stem' | 'untouchedStem' | 'mayReplace'>;
  /** Identifies a changed file: it may have another format. */
  readonly identify: (
    path: string,
    received: ReceivedFile,
  ) => Promise<Omit<IdentifiedFile, 'path' | 'received'>>;
  readonly signal: AbortSignal;
}

/** A file after its change, and the copy of the original, if that is stored too. */
interface TransformedFile extends IdentifiedFile {
  readonly untouched?: NonNullable<ImageFile['untouched']>;
}

/**
 * Lets `transform` change a file under its temporary name, and identifies the result, which is not
 * flushed yet.
 *
 * Rejects with `RenderError` (`ERR_TRANSFORM_FAILED`) if that fails, or makes no image. The
 * downloaded file is paid, so it is then kept as `<stem>.untransformed.<extension>`, unless
 * `transform` removed it.
 */
export async function transformFile(
  given: IdentifiedFile,
  config: TransformConfig,
): Promise<TransformedFile> {
  const { path, extension } = given;
  await putDown(path, given.received);
  const file = { ...given, received: { ...given.received, content: null } };
  const { target, signal } = config;
  const temporary = newTemporaryPath(target.stem);
  try {
    return await changed(file, temporary, config);
  } catch (cause) {
    signal.throwIfAborted();
    const isThere = (await statsOf(path)) !== null;
    const kept = isThere
      ? await copyWhole(path, `${target.stem}.untransformed.${extension}`, () => false)
      : null;
    const where = kept === null ? '' : `. The original is kept as ${basename(kept)}`;
    throw new RenderError(
      'ERR_TRANSFORM_FAILED',
      `The transform of an image failed: ${messageOf(cause)}${where}`,
      {
        suggestion: 'Correct `transform` and run it again: within the hour the image is fetched again.',
        cause,
      },
    );
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

async function changed(
  file: IdentifiedFile,
  temporary: string,
  { transform, target, identify, signal }: TransformConfig,
): Promise<TransformedFile> {
  const { path, extension, format, widthPx, heightPx } = file;
  const { bytes, sha256 } = file.received;
  const change = await settled(transform({ path, bytes, sha256, format, widthPx, heightPx }), signal);
  if ((await statsOf(path)) === null) throw new Error('it removed the file that it was given');
  if (change === null || change === undefined || ('path' in change && change.path === path)) return file;
  if ('path' in change) await copyFile(change.path, temporary);
  else await writeFile(temporary, change);
  const received = await described(temporary);
  const identity = await identify(temporary, received);
  const { untouchedStem, mayReplace } = target;
  const untouchedPath =
    untouchedStem === undefined ? null : await copyWhole(path, `${untouchedStem}.${extension}`, mayReplace);
  await rename(temporary, path);
  const untouched = untouchedPath === null ? {} : { untouched: { path: untouchedPath, bytes, sha256 } };
  return { path, received, ...identity, ...untouched };
}

/** Waits for a change that may be a promise or an Observable. */
async function settled(
  change: ReturnType<TransformConfig['transform']>,
  signal: AbortSignal,
): Promise<Transformed> {
  if (change === null || change === undefined || change instanceof Uint8Array || 'path' in change)
    return change;
  return firstValueFrom(from(change).pipe(takeUntil(abortOf(signal))), { defaultValue: null });
}

const HEAD_BYTES = 64 * 1024;

/** Describes a file as one that was received. */
async function described(path: string): Promise<ReceivedFile> {
  const data = await readFile(path);
  const sha256 = createHash('sha256').update(data).digest('hex');
  return { bytes: data.length, sha256, head: data.subarray(0, HEAD_BYTES), content: null };
}
