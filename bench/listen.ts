// Measures the cost of listening to a run of 100,000 jobs: the time over a run without listeners,
// and the heap while callbacks, progress and telemetry are notified of each image.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BasicTracerProvider, NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { lastValueFrom, type Observable } from 'rxjs';
import { toCallbacks } from '../src/events/listeners.ts';
import { observeRun } from '../src/events/observeRun.ts';
import { progressOf } from '../src/events/progress.ts';
import type { RunEvent } from '../src/events/runEvent.ts';
import { toTelemetry } from '../src/events/telemetry/toTelemetry.ts';
import { generate } from '../src/pipelines/generate.ts';
import { openJournal } from '../src/store/journal/journal.ts';
import { memoryPorts, plansUpTo } from './memoryPorts.ts';

const JOBS = 100_000;
const SAMPLE_EVERY = 20_000;

await measure('without listeners', () => {});
await measure('with callbacks, progress and telemetry', (events) => {
  let results = 0;
  const onResult = (): void => {
    results += 1;
    if (results % SAMPLE_EVERY === 0) console.log(`  after ${results} images: ${heldMegabytes()} MB`);
  };
  events.subscribe(toCallbacks({ onResult }));
  events.pipe(progressOf()).subscribe();
  const tracer = new BasicTracerProvider({ spanProcessors: [new NoopSpanProcessor()] }).getTracer('bench');
  events.subscribe(toTelemetry({ tracer }));
});

async function measure(how: string, listen: (events: Observable<RunEvent>) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
  const journal = openJournal(folder);
  const { end, events } = observeRun((emit) =>
    generate(() => plansUpTo(JOBS), { ...memoryPorts(1_000_000, 0), journal, concurrency: 100, emit }),
  );
  listen(events);
  const beganAtMs = performance.now();
  await lastValueFrom(end);
  console.log(`${JOBS} jobs, ${how}: ${((performance.now() - beganAtMs) / 1_000).toFixed(1)} s`);
  journal.close();
  await rm(folder, { recursive: true, force: true });
}

function heldMegabytes(): number {
  if (globalThis.gc === undefined) throw new Error('Run this with node --expose-gc.');
  globalThis.gc();
  return Math.round(process.memoryUsage().heapUsed / 100_000) / 10;
}
