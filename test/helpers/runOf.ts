import { delay, EMPTY, type Observable, of, type SchedulerLike } from 'rxjs';
import type { RunEvent } from '../../src/events/runEvent.ts';
import { createLedger } from '../../src/operators/stages/budgetTake.ts';
import type { GenerateConfig } from '../../src/pipelines/journey/config.ts';
import type { Provider } from '../../src/ports.ts';
import { createMemoryJournal } from '../../src/store/memoryJournal.ts';
import type { ImageFile, Outcome, Plan, Prediction } from '../../src/types.ts';
import { aPrediction, fakeProvider } from './fakeProvider.ts';

export function aPlan(index: number, fields: Partial<Plan> = {}): Plan {
  const input = { prompt: `prompt ${index}`, seed: index };
  return {
    index,
    key: `key ${index}`,
    prompt: input.prompt,
    model: 'owner/name',
    version: null,
    input,
    tags: {},
    renditions: [],
    priceMicroUsd: 3,
    path: `000${index}`,
    ...fields,
  };
}

export function aFile(path: string): ImageFile {
  return { path, bytes: 1, sha256: '00', format: 'png', widthPx: 8, heightPx: 8 };
}

/**
 * A run whose ports all succeed at once, except those that a test replaces; it records its events.
 */
export function runOf(fields: Partial<GenerateConfig> & { scheduler?: SchedulerLike } = {}) {
  const events: RunEvent[] = [];
  const kept: Outcome[] = [];
  const config: GenerateConfig = {
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
  const createPrediction: Provider['createPrediction'] = ({ input, model }): Observable<Prediction> => {
    const id = `${prefix}${made.length}`;
    made.push(id);
    const prediction = of(aPrediction({ id, input, model }));
    return tookMs === 0 ? prediction : prediction.pipe(delay(tookMs, scheduler));
  };
  return { ...fakeProvider({ createPrediction }), made };
}

export const summary = ({ index, status, attempts, predictionId }: Outcome) =>
  `${index} ${status} ${attempts} ${predictionId}`;
