import { join } from 'node:path';
import { concat, type Observable } from 'rxjs';
import { createGovernor } from '../operators/createGovernor.ts';
import { createLedger } from '../operators/createLedger.ts';
import type { EmitEvent } from '../ports.ts';
import { costMicroUsd } from '../replicate/costMicroUsd.ts';
import { createDownloader } from '../replicate/createDownloader.ts';
import { createReplicateProvider } from '../replicate/createReplicateProvider.ts';
import { outputUrls } from '../replicate/outputUrls.ts';
import { predictionError } from '../replicate/predictionError.ts';
import { createRenderer } from '../sinks/createRenderer.ts';
import { type Manifest, openManifest } from '../sinks/openManifest.ts';
import { removeTemporaries } from '../sinks/removeTemporaries.ts';
import { writeSidecar } from '../sinks/writeSidecar.ts';
import { openJournal, type RunJournal } from '../store/openJournal.ts';
import type { Outcome } from '../types.ts';
import type { GenerateConfig } from './GenerateConfig.ts';

export interface RunSettings
  extends Pick<GenerateConfig, 'concurrency' | 'maxAttempts' | 'timeoutMs' | 'repay' | 'emit' | 'stop'> {
  /** The run folder; absolute. Made where it does not exist. */
  folder: string;
  /** Replicate's API token. */
  token: string;
  /** Default: Replicate's own. */
  baseUrl?: string;
  /** Creates a minute at most. Default 600. */
  ratePerMinute?: number;
  /** Never more than this is reserved and spent, in millionths of a US dollar. Default: no limit. */
  budgetMicroUsd?: number;
  /** Price of one output image over the built-in table, in millionths of a US dollar. */
  priceMicroUsd?: number;
  /** Hash of the input and of all settings that change requests; a folder of another one is refused. */
  fingerprint?: string;
  /** Goes on in a folder of another fingerprint all the same. Default false. */
  resumeAnyway?: boolean;
}

/** A run folder in use, and everything that `generate` needs to fill it. */
export interface OpenRun {
  readonly config: GenerateConfig;
  readonly journal: RunJournal;
  readonly manifest: Manifest;
  close(): Promise<void>;
}

/**
 * Opens a run folder for this process alone and connects it to Replicate. Temporary files of a run that was killed are
 * removed. Rejects with `UsageError` where the folder belongs to another run, `StorageError` where it cannot be used.
 */
export async function openRun(settings: RunSettings): Promise<OpenRun> {
  const { folder, token, baseUrl, fingerprint, resumeAnyway, ratePerMinute = 600 } = settings;
  const { budgetMicroUsd = Number.POSITIVE_INFINITY, priceMicroUsd } = settings;
  const journal = openJournal(folder, { fingerprint, resumeAnyway });
  await removeTemporaries(folder);
  const manifest = await openManifest(folder);
  const config: GenerateConfig = {
    ...settings,
    provider: createReplicateProvider({ token, baseUrl }),
    downloader: createDownloader(),
    renderer: createRenderer(),
    journal,
    ledger: createLedger({ limitMicroUsd: budgetMicroUsd, spentMicroUsd: journal.spentMicroUsd() }),
    governor: createGovernor({ perMinute: ratePerMinute }),
    answers: {
      urlsOf: outputUrls,
      costOf: (prediction, input) => costMicroUsd(prediction, input, priceMicroUsd),
      errorOf: predictionError,
    },
    keep: (outcome) => concat(writeSidecar(folder, outcome), manifest.append(outcome)),
  };
  const close = async () => {
    await manifest.close();
    journal.close();
  };
  return { config, journal, manifest, close };
}
