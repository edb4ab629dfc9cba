import { lastValueFrom, throwError, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError } from '../../../../src/errors.ts';
import { generate } from '../../../../src/pipelines/generate.ts';
import type { Provider } from '../../../../src/ports.ts';
import { createMemoryJournal } from '../../../../src/store/memoryJournal.ts';
import type { JournalEntry } from '../../../../src/types.ts';
import { hurried } from '../../../helpers/hurried.ts';
import { aPlan, runOf, succeeding, summary } from '../../../helpers/runOf.ts';

it('records the intent again if its grant has grown too old, and counts no attempt', async () => {
  const memory = createMemoryJournal();
  const entries: string[] = [];
  const journal = {
    ...memory,
    record: (plan: ReturnType<typeof aPlan>, entry: JournalEntry) => {
      entries.push(entry.type);
      return memory.record(plan, entry);
    },
    mayStillSend: () => entries.filter((type) => type === 'intended').length > 1,
  };
  const unsent = new ProviderError('ERR_NOT_SENT', 'too old', { recoverable: true });
  const provider = succeeding();
  const createPrediction: Provider['createPrediction'] = (request, options) =>
    options.mayStillSend?.() === false
      ? throwError(() => unsent)
      : provider.createPrediction(request, options);
  const { config } = runOf({ journal, provider: { ...provider, createPrediction }, scheduler: hurried(200) });
  const outcomes = await lastValueFrom(generate(() => [aPlan(0)], config).pipe(toArray()));
  expect(outcomes.map(summary)).toEqual(['0 saved 1 p0']);
  expect(entries.slice(0, 3)).toEqual(['intended', 'intended', 'created']);
});
