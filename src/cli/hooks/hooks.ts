import { basename } from 'node:path';
import { concatMap, EMPTY, ignoreElements, type Observable, of, tap } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { isSimulated } from '../../base/service.ts';
import { formatUsd, toMicroUsd } from '../../base/text.ts';
import { pathBelow } from '../../disk/insideFolder.ts';
import { createGate, gate } from '../../operators/gate.ts';
import type { FinishedRun } from '../../pipelines/run/closing/results.ts';
import type { Outcome } from '../../types.ts';
import type { Flags } from '../flags/flags.ts';
import { notify } from './notify.ts';
import { type HookEnvironment, runCommand } from './runCommand.ts';

/** The flags of the hooks, and facts about the run for them. */
export interface HooksConfig extends HookEnvironment {
  readonly flags: Pick<Flags, 'onImage' | 'onEnd' | 'notifyUrl'>;
  /** The run folder; absolute. */
  readonly folder: string;
  /** Name of the service; null if it has none. */
  readonly service: string | null;
  /** Receives a message for each failed hook. A failed hook never fails the run. */
  readonly warn: (message: string) => void;
}

/** The hooks of a run. */
export interface Hooks {
  /**
   * Runs the command for a saved image; completes when it has ended, however that was. Absent if
   * there is no such command.
   */
  readonly onImage?: (outcome: Outcome) => Observable<never>;
  /** Runs the command for the end, then notifies the address; resolves when both are over. */
  onEnd(end: FinishedRun): Promise<void>;
}

const IMAGE_MS = 60_000;
const END_MS = 300_000;
/** Commands for images at a time. */
const AT_A_TIME = 4;
/** Failed commands for images that are reported one by one. */
const MOST_REPORTED = 3;

/** Creates the hooks of a run from its flags. */
export function createHooks(config: HooksConfig): Hooks {
  const { flags, warn } = config;
  let failures = 0;
  const noteFailure = (outcome: Outcome, reason: string | null): void => {
    if (reason === null) return;
    failures += 1;
    if (failures > MOST_REPORTED) return;
    warn(`--on-image failed for image #${outcome.index + 1}: ${reason}. The image is saved.`);
  };
  const slots = createGate(AT_A_TIME);
  const { onImage: command } = flags;
  const onImage = (outcome: Outcome): Observable<never> => {
    if (command === null || outcome.status !== 'saved') return EMPTY;
    const call = {
      facts: imageFacts(outcome, config),
      content: imageContent(outcome, config),
      timeoutMs: IMAGE_MS,
    };
    return of(call).pipe(
      concatMap((one) => fromAbortable((signal) => runCommand(command, one, config, signal))),
      tap((reason) => noteFailure(outcome, reason)),
      ignoreElements(),
      gate(slots),
    );
  };
  return {
    ...(command === null ? {} : { onImage }),
    async onEnd(end) {
      if (failures > MOST_REPORTED) warn(`--on-image failed for ${failures} images in all. They are saved.`);
      await runEnd(end, config);
      await postEnd(end, config);
    },
  };
}

async function runEnd(end: FinishedRun, config: HooksConfig): Promise<void> {
  const { onEnd } = config.flags;
  if (onEnd === null) return;
  const content = { ...endContent(end, config), folder: config.folder };
  const reason = await runCommand(
    onEnd,
    { facts: endFacts(end, config), content, timeoutMs: END_MS },
    config,
  );
  if (reason !== null) config.warn(`--on-end failed: ${reason}. The run itself is not affected.`);
}

async function postEnd(end: FinishedRun, config: HooksConfig): Promise<void> {
  const { notifyUrl } = config.flags;
  if (notifyUrl === null) return;
  const { host } = new URL(notifyUrl);
  const reason = await notify(notifyUrl, endContent(end, config));
  if (reason !== null) config.warn(`--notify failed: ${host}: ${reason}. The run itself is not affected.`);
}

function imageFacts(outcome: Outcome, { folder, service }: HooksConfig): Record<string, string> {
  const { index, prompt, model, costUsd, files } = outcome;
  const [file] = files;
  return {
    ...{ EVENT: 'image', FOLDER: folder, JOB: String(index + 1), PROMPT: prompt, MODEL: model },
    FILE: file === undefined ? '' : pathBelow(folder, file.path),
    COST_USD: costUsd === null ? '' : String(costUsd),
    SIMULATED: isSimulated(service) ? '1' : '',
  };
}

function imageContent(outcome: Outcome, { folder, service }: HooksConfig): object {
  return { event: 'image', folder, simulated: isSimulated(service), outcome };
}

function endFacts({ totals }: FinishedRun, { folder, service }: HooksConfig): Record<string, string> {
  const { total, saved, alreadySaved, failed, skipped, costUsd } = totals;
  const counts = {
    TOTAL: total,
    SAVED: saved,
    ALREADY_SAVED: alreadySaved,
    FAILED: failed,
    SKIPPED: skipped,
  };
  return {
    ...{
      EVENT: 'end',
      FOLDER: folder,
      COST_USD: String(costUsd),
      SIMULATED: isSimulated(service) ? '1' : '',
    },
    ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)])),
  };
}

/**
 * Returns the content for the end of a run, in the form that chat programs show: they read `text`.
 */
function endContent({ totals, elapsedMs, fault }: FinishedRun, { folder, service }: HooksConfig): object {
  const { total, saved, alreadySaved, failed, skipped, costUsd } = totals;
  const simulated = isSimulated(service);
  const cost = `${formatUsd(toMicroUsd(costUsd))}${simulated ? ', simulated' : ''}`;
  const text = `rxposure ${basename(folder)}: ${saved + alreadySaved} of ${total} saved, ${failed} failed, ${skipped} skipped, ${cost}`;
  const error = fault instanceof Error ? { name: fault.name, message: fault.message } : null;
  return { event: 'end', text, run: basename(folder), simulated, totals, elapsedMs, error };
}
