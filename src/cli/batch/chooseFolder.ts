import { existsSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { isSimulated } from '../../base/service.ts';
import { pathFault } from '../../disk/insideFolder.ts';
import { UsageError } from '../../errors.ts';
import { fileInput } from '../../pipelines/front/planning/specInput.ts';
import { identifyService } from '../../pipelines/run/folder/enterFolder.ts';
import { checkFolder, folderState, type RunInput, readRunFile } from '../../store/runFile.ts';
import type { BatchScriptContext } from './batchScript.ts';

/** The folder of a run, and the input that it belongs to. */
export interface RunFolder {
  /** Absolute. */
  readonly folder: string;
  readonly input: RunInput;
}

interface ChooseFolderConfig {
  /** Name of the folder below `out/`. Default: that of the input's file, without its extensions. */
  name?: string | null;
  /** Default: the file at `path`. */
  input?: RunInput;
}

/**
 * Chooses the folder of a run and checks it, before anything is written: `--out`, else `out/` with
 * the name of the input. A simulation has a folder of its own, `out/<name>-simulated`. If that
 * belongs to another input, or has files of the user's, takes the next of `out/<name>-2`, `-3`, …
 * that is new or belongs to this input, with a warning.
 *
 * Rejects with `UsageError` if the folder has files of the user's or images of another service, or
 * if `name` leads out of `out/`.
 */
export async function chooseFolder(
  { flags, service, warn }: Pick<BatchScriptContext, 'flags' | 'service' | 'warn'>,
  path: string,
  config: ChooseFolderConfig = {},
): Promise<RunFolder> {
  const { name = null, input = await fileInput(path) } = config;
  const fault = name === null ? null : pathFault(name);
  if (fault !== null) {
    throw new UsageError(`${path}: name: Expected the name of a folder below out/, got ${fault}`, {
      suggestion: 'Change it in the spec. --out DIR names any folder.',
    });
  }
  const ownService = await lastValueFrom(identifyService(service));
  const inOut = (stem: string) => join('out', isSimulated(ownService) ? `${stem}-simulated` : stem);
  const usual = inOut(name ?? withoutExtension(path.replace(/\.gz$/i, '')));
  const earlier = inOut(withoutExtension(path));
  const isEarlier =
    flags.out === null && /\.gz$/i.test(path) && name === null && (await isRunOf(earlier, input, ownService));
  const wanted = isEarlier ? earlier : usual;
  const folder = resolve(flags.out ?? (await freeFolder(wanted, input, ownService)));
  if (flags.out === null && folder !== resolve(wanted)) {
    warn(`${wanted} ${await ownerOf(wanted)}: this run goes to ${folder}. --out DIR names another folder.`);
  }
  await checkFolder(folder, { service: ownService });
  return { folder, input };
}

function withoutExtension(path: string): string {
  return basename(path, extname(path));
}

/**
 * Returns true for the run folder of an input. That of `t.csv.gz` was once named `t.csv`, and its
 * images are not paid for again.
 */
async function isRunOf(folder: string, input: RunInput, service: string | null): Promise<boolean> {
  return (await folderState(folder)) === 'run' && belongsTo(folder, input, service);
}

/** Describes the owner of a folder that is not of this run: another input, or other files. */
async function ownerOf(folder: string): Promise<string> {
  const { input = null } = (await readRunFile(folder)) ?? {};
  return input === null ? 'has other files' : `belongs to ${input.path ?? 'another input without a file'}`;
}

async function freeFolder(wanted: string, input: RunInput, service: string | null): Promise<string> {
  for (let number = 1; ; number += 1) {
    const folder = number === 1 ? wanted : `${wanted}-${number}`;
    const state = await folderState(folder);
    if (state === 'new') return folder;
    if (state === 'run' && (await belongsTo(folder, input, service))) return folder;
  }
}

/**
 * Returns true if a run folder is of this input, or names none. A folder that does not even name
 * its service may have paid images, so it is never that of a simulation.
 */
async function belongsTo(folder: string, input: RunInput, service: string | null): Promise<boolean> {
  const file = await readRunFile(folder);
  if (file === null) return !isSimulated(service);
  const { input: known } = file;
  if (known === null) return true;
  if (known.path !== null && known.path === input.path) return true;
  // A file that was moved is still the same input, but not a copy beside it.
  const isMoved = known.path === null ? input.path === null : !existsSync(known.path);
  return known.sha256 === input.sha256 && isMoved;
}
