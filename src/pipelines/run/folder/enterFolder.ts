import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defer, lastValueFrom, type Observable, of } from 'rxjs';
import { monotonicScheduler } from '../../../base/monotonicScheduler.ts';
import { describeService } from '../../../base/service.ts';
import { copyWhole } from '../../../disk/copyFiles.ts';
import { option, UsageError } from '../../../errors.ts';
import { retryPolicies } from '../../../operators/internal/retryPolicies.ts';
import { retryBackoff } from '../../../operators/retryBackoff.ts';
import { expectNotQueued } from '../../../store/queueMark.ts';
import { beginFolder, checkFolder, folderState, isSameRun, type RunFile } from '../../../store/runFile.ts';
import type { Clock, Services } from '../../journey/config.ts';
import type { RunSettings } from '../settings.ts';

/**
 * Emits the name of the service: the one given, else the provider's; null if it has none. Retries
 * passing failures of the service or the network, and emits the last one.
 */
export function identifyService({
  provider,
  service,
  scheduler = monotonicScheduler,
  random = Math.random,
}: Pick<Services, 'provider' | 'service'> & Clock): Observable<string | null> {
  return defer(() => {
    if (service !== undefined) return of(service);
    if (provider.identify === undefined) return of(null);
    return provider.identify().pipe(retryBackoff({ ...retryPolicies.prepare, scheduler, random }));
  });
}

/** The settings that entering a folder reads. */
type Entering = Pick<RunSettings, 'folder' | 'input' | 'provider' | 'emit' | 'scheduler' | 'random' | 'make'>;

/** A folder that a run has entered. */
export interface EnteredFolder {
  /** Name of the service; null if it has none. */
  readonly service: string | null;
  /** Writes a `run.json` that was deleted back beside its journal. Call it when that is closed. */
  restore(): Promise<void>;
}

/**
 * Enters the folder of a run before anything else is opened there: refuses one with files of the
 * user's or images of another service, and begins it otherwise. Rejects with `UsageError` if it
 * refuses, having written nothing; with `ProviderError` if the service does not give its name.
 */
export async function enterFolder(settings: Entering): Promise<EnteredFolder> {
  const { folder, input = null, emit = () => {}, make } = settings;
  if (make === undefined) expectNotQueued(folder);
  const service = await lastValueFrom(identifyService(settings));
  const known = await checkFolder(folder, { service });
  if (known !== null) return { service, restore: () => restoreRunFile(folder, known) };
  const isOld = (await folderState(folder)) === 'run';
  const own = { service, input: input === null ? null : { path: input.path, sha256: input.sha256 } };
  const begun = await beginFolder(folder, own);
  if (!isSameRun(begun, own)) throw begunMeanwhile(folder);
  if (isOld && service !== null) emit({ type: 'warning', message: describeUnknown(folder, service) });
  return { service, restore: () => restoreRunFile(folder, own) };
}

async function restoreRunFile(folder: string, file: RunFile): Promise<void> {
  if (existsSync(join(folder, 'run.sqlite'))) await beginFolder(folder, file);
}

function begunMeanwhile(folder: string): UsageError {
  return new UsageError(`Another run has just begun in ${folder}.`, {
    recoverable: true,
    suggestion: `Run the same command again, or choose another folder with ${option('--out')}.`,
  });
}

/** Stores the copy of standard input in a folder that this process has opened. */
export async function keepInput({ folder, input }: Pick<RunSettings, 'folder' | 'input'>): Promise<void> {
  if (input?.copy !== undefined) await copyWhole(input.copy, join(folder, 'stdin.txt'));
}

function describeUnknown(folder: string, service: string): string {
  return (
    `${folder} was begun by a version of rxposure that did not store the service: from now on its images count as those of ${describeService(service)}. ` +
    `If an older npm start or ${option('--simulate')} made them, stop, and choose another folder with ${option('--out')}.`
  );
}
