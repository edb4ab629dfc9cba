import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SchedulerLike } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { checkOptions, type OptionRules, optionRules } from '../../base/options.ts';
import { ensureDir, syncFolder } from '../../disk/folders.ts';
import { giveName } from '../../disk/giveName.ts';
import { asFileHandleShortage, toStorageError } from '../../disk/storageError.ts';
import { newTemporaryPath } from '../../disk/writeFiles.ts';
import { DownloadError, RenderError, StorageError } from '../../errors.ts';
import type { Downloader, DownloadTarget } from '../../ports.ts';
import type { ImageFile } from '../../types.ts';
import { downloadError } from './downloadErrors.ts';
import { type IdentifyFileConfig, identifyFile } from './identifyFile.ts';
import { addMissingEnd } from './jpegEnd.ts';
import { createRefusedFiles, RefusedFile, type RefusedFiles } from './keepRefused.ts';
import { anywhere, createPublicReach } from './reach.ts';
import type { ReceivedFile } from './receivedFile.ts';
import { type ReceiveConfig, receiveFile } from './receiveFile.ts';
import { transformFile } from './transformFile.ts';
import { writeProvenance } from './writeProvenance.ts';

export interface DownloaderConfig {
  /** The largest file that is accepted. Default 1,000,000,000. */
  maxBytes?: number;
  /** Time limit for making a connection. Default 10,000. */
  connectTimeoutMs?: number;
  /** Longest time without a byte. Default 30,000. */
  idleTimeoutMs?: number;
  /** Slower transfers are broken off, measured over 30 s each. Default 1,000. */
  leastBytesPerSecond?: number;
  /**
   * True if the API runs on this machine: then outputs may be at `http:` addresses, and on this
   * machine or in its networks. Default false: `https:` at public addresses only, redirects
   * included. `data:` URLs are always accepted.
   */
  isLocal?: boolean;
  /** True if the API is at an `http:` address: then outputs may be, too. Default false. */
  isPlain?: boolean;
  /** Clock of the pace. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

const rules: OptionRules<DownloaderConfig> = {
  maxBytes: optionRules.above0,
  connectTimeoutMs: optionRules.above0,
  idleTimeoutMs: optionRules.above0,
  leastBytesPerSecond: optionRules.wait,
  isLocal: optionRules.flag,
  isPlain: optionRules.flag,
  scheduler: optionRules.scheduler,
};

/** Time over which the pace of a transfer is measured. */
const PACE_MS = 30_000;

/**
 * Creates a downloader of outputs. It sends no credentials. Each file is hashed as it comes,
 * checked (length, type by content, structure), given its provenance if `embedProvenance` is set,
 * written under a temporary name in its folder, flushed, and only then renamed to
 * `<stem>.<extension by content>`, or another name as `giveName` chooses it. A file of more than
 * 2 MB is written as it comes.
 *
 * Texts are refused unless `mayBeText` is true for the output.
 *
 * Emits `DownloadError`: recoverable if another try can help (cut, slow, 5xx), else final (gone,
 * refused, at an address that is not public, too large, no image); `ProviderError` if the
 * certificate of the file host is not trusted, which ends the run; `StorageError` if the disk
 * refuses. Removes its temporary file after an error and on unsubscribe.
 *
 * A file that cannot be used, and comes again as it is, is kept: as `<stem>.damaged.<extension>` if
 * it is not whole, as `<stem>.unrecognised` if its content is unknown. Then the error has it as
 * `kept`.
 *
 * Throws a RangeError if an option is invalid.
 */
export function createDownloader(config: DownloaderConfig = {}): Downloader {
  // A provider is a config, too, with more than its options.
  checkOptions(config, rules);
  const { maxBytes = 1_000_000_000, connectTimeoutMs = 10_000, idleTimeoutMs = 30_000 } = config;
  const {
    leastBytesPerSecond = 1_000,
    isLocal = false,
    isPlain = false,
    scheduler = monotonicScheduler,
  } = config;
  const limits = {
    maxBytes,
    connectTimeoutMs,
    idleTimeoutMs,
    leastPace: { bytesPerSecond: leastBytesPerSecond, overMs: PACE_MS, scheduler },
    reach: isLocal ? anywhere : createPublicReach({ isPlain }),
  };
  const refused = createRefusedFiles();
  return {
    download: (url, target) =>
      fromAbortable((signal) => fetchTo(target, url, { ...limits, signal, refused })),
  };
}

interface FetchConfig extends ReceiveConfig {
  readonly refused: RefusedFiles;
}

async function fetchTo(target: DownloadTarget, url: string, config: FetchConfig): Promise<ImageFile> {
  const { stem, transform } = target;
  // Each try has its own name: one that was unsubscribed may still clean up while the next is
  // running.
  const temporary = newTemporaryPath(stem);
  try {
    await ensureDir(dirname(stem));
    const received = await receiveFile(url, temporary, config);
    const ofUrl = { url, ...(target.mayBeText === undefined ? {} : { mayBeText: target.mayBeText }) };
    const found = await identifyWhole(temporary, received, ofUrl).catch(async (error: unknown) => {
      if (!(error instanceof RefusedFile)) throw error;
      throw await config.refused(error, { url, temporary, stem, received });
    });
    const { untouched, ...file } = await (transform === undefined
      ? { path: temporary, ...found, untouched: undefined }
      : transformFile(
          { path: temporary, ...found },
          {
            transform,
            target,
            identify: (changed, whole) => identifyFile(changed, whole, ofUrl),
            signal: config.signal,
          },
        ));
    const { extension, format, widthPx, heightPx } = file;
    const stored = await writeProvenance(
      file,
      untouched === undefined ? target : { ...target, untouchedStem: undefined },
    );
    config.signal.throwIfAborted();
    const path = await giveName(temporary, `${stem}.${extension}`, target.mayReplace);
    await syncFolder(dirname(path));
    return {
      path,
      ...stored,
      ...(untouched === undefined ? {} : { untouched }),
      format,
      widthPx,
      heightPx,
    };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw ownError(error, url, stem);
  }
}

/** Identifies a file; completes a JPEG that lacks only its end marker. */
async function identifyWhole(path: string, received: ReceivedFile, config: IdentifyFileConfig) {
  try {
    return { ...(await identifyFile(path, received, config)), received };
  } catch (error) {
    const isCut = error instanceof DownloadError && error.code === 'ERR_TRUNCATED';
    const whole = isCut
      ? await addMissingEnd(path, received, (file) => identifyFile(path, file, config))
      : null;
    if (whole === null) throw error;
    return whole;
  }
}

function ownError(error: unknown, url: string, stem: string): unknown {
  if (error instanceof DownloadError || error instanceof RenderError || error instanceof StorageError)
    return error;
  // The HTTP client wraps errors that the checks of an address throw.
  if (error instanceof Error && error.cause instanceof DownloadError) return error.cause;
  const shortage = asFileHandleShortage(error, stem);
  if (shortage !== null) return shortage;
  if (isFromDisk(error)) return toStorageError(error, stem);
  // Every network fault has a code. An error without one is a bug here and must not look like a
  // network fault.
  return error instanceof Error && 'code' in error ? downloadError(error, url) : error;
}

/** Network faults have system codes too, but name no file and none of these system calls. */
function isFromDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const syscall = 'syscall' in error ? String(error.syscall) : '';
  return 'path' in error || ['open', 'write', 'fsync', 'close', 'rename', 'mkdir'].includes(syscall);
}
