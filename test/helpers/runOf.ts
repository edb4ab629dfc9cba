import { EMPTY, of, type SchedulerLike } from 'rxjs';
import type { RunEvent } from '../../src/events/runEvent.ts';
import { createLedger } from '../../src/operators/stages/budgetTake.ts';
import type { GenerateConfig } from '../../src/pipelines/journey/config.ts';
import type { RunPorts } from '../../src/pipelines/journey/run.ts';
import type { Provider } from '../../src/ports.ts';
import { createMemoryJournal } from '../../src/store/memoryJournal.ts';
import { anImageFile, aPlan as aPlanned } from '../../src/testing/aPlan.ts';
import { fakeProvider } from '../../src/testing/fakeProvider.ts';
import type { ImageFile, Outcome, Plan } from '../../src/types.ts';
import { untimed } from './untimed.ts';

export function aPlan(index: number, fields: Partial<Plan> = {}): Plan {
  const prompt = `prompt ${index}`;
  return aPlanned({
    index,
    key: `key ${index}`,
    prompt,
    input: { prompt, seed: index },
    priceMicroUsd: 3,
    path: `000${index}`,
    ...fields,
  });
}

export function aFile(path: string): ImageFile {
  return anImageFile({ path, sha256: '00' });
}

/**
 * A run whose ports all succeed at once, except those that a test replaces; it records its events.
 */
export function runOf(fields: Partial<GenerateConfig & RunPorts> & { scheduler?: SchedulerLike } = {}) {
  const events: RunEvent[] = [];
  const kept: Outcome[] = [];
  const config: GenerateConfig & RunPorts = {
    folder: '/run',
    provider: succeeding(),
    downloader: { download: (_url, { stem }) => of(aFile(`${stem}.png`)) },
    renderer: { render: () => of([]) },
    journal: createMemoryJournal(),
    ledger: createLedger({ limitMicroUsd: Number.POSITIVE_INFINITY }),
    governor: { admit: () => of({ accepted: () => {}, refused: () => {} }) },
    persist: (outcome) => {
      kept.push(outcome);
      return EMPTY;
    },
    emit: (event) => events.push(event),
    // Its files are nowhere.
    provenance: 'none',
    random: () => 1,
    ...fields,
  };
  return { config, events, kept };
}

/**
 * A provider that makes every prediction after `tookMs`, with ids p0, p1, …; `made` counts them.
 */
export function succeeding({
  tookMs = 0,
  scheduler,
  prefix = 'p',
}: {
  tookMs?: number;
  scheduler?: SchedulerLike;
  prefix?: string;
} = {}): Provider & { made: string[] } {
  const made: string[] = [];
  const provider = untimed(
    fakeProvider({
      durationMs: tookMs,
      idOf: (index) => {
        made.push(`${prefix}${index}`);
        return `${prefix}${index}`;
      },
      priceMicroUsd: 3,
      ...(scheduler === undefined ? {} : { scheduler }),
    }),
  );
  return { ...provider, made };
}

export const summary = ({ index, status, attempts, predictionId }: Outcome) =>
  `${index} ${status} ${attempts} ${predictionId}`;
