import { concatMap, finalize, lastValueFrom, NEVER, Subject, tap, throwError, timer, toArray } from 'rxjs';
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

it.each([
  { admits: true, ends: ['over'], made: [] },
  { admits: false, ends: ['recorded', 'over'], made: ['0 saved 1 p0'] },
])('is halted while its intent is recorded, by an account or not: $ends', async ({ admits, ends, made }) => {
  const memory = createMemoryJournal();
  const stop = new Subject<void>();
  const seen: string[] = [];
  const journal = {
    ...memory,
    admits,
    record: (plan: ReturnType<typeof aPlan>, entry: JournalEntry) => {
      if (entry.type !== 'intended') return memory.record(plan, entry);
      queueMicrotask(() => stop.next());
      const later = timer(5).pipe(
        concatMap(() => memory.record(plan, entry)),
        tap({ complete: () => seen.push('recorded') }),
      );
      return later.pipe(finalize(() => seen.push('over')));
    },
  };
  const { config } = runOf({ journal, stop });
  const outcomes = await lastValueFrom(generate(() => [aPlan(0)], config).pipe(toArray()));
  expect(outcomes.map(summary)).toEqual(made);
  expect(seen).toEqual(ends);
});

it('ends the attempt if the run is halted while a refused request waits in line again', async () => {
  const memory = createMemoryJournal();
  const stop = new Subject<void>();
  const entries: string[] = [];
  const journal = {
    ...memory,
    admits: true,
    record: (plan: ReturnType<typeof aPlan>, entry: JournalEntry) => {
      entries.push(entry.type);
      if (entries.length < 2 || entry.type !== 'intended') return memory.record(plan, entry);
      queueMicrotask(() => stop.next());
      return NEVER;
    },
  };
  const tooFast = new ProviderError('ERR_RATE_LIMIT', 'too fast', { status: 429, recoverable: true });
  const provider = { ...succeeding(), createPrediction: () => throwError(() => tooFast) };
  const { config } = runOf({ journal, provider, stop, scheduler: hurried(200) });
  expect(await lastValueFrom(generate(() => [aPlan(0)], config).pipe(toArray()))).toEqual([]);
  expect(entries).toEqual(['intended', 'intended', 'ended']);
  expect([...journal.openIndexes()]).toEqual([]);
});
