import { readdir } from 'node:fs/promises';
import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { runToFolder } from '../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import { planJobs } from '../../src/sources/planning/planJobs.ts';
import { isRunFile } from '../../src/store/folderFiles.ts';
import { jobOf } from '../helpers/jobOf.ts';
import { SCHNELL, simulated } from '../helpers/simulated.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

it('knows every file that a run writes and that belongs to no job', async () => {
  const refused = { type: 'answer', status: 422, body: '{"detail":"no"}' } as const;
  const simulator = await simulated({
    faults: { beforeCreate: ({ input }) => (input.seed === 1 ? refused : null) },
  });
  const jobs = [0, 1].map((index) =>
    jobOf({ index, model: SCHNELL, version: null, input: { prompt: 'a cat', seed: index } }),
  );
  const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
  const provider = createReplicateProvider(simulator);
  await lastValueFrom(runToFolder(plans, { folder: folder(), provider }));
  const entries = await readdir(folder(), { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  expect(names).toEqual(
    expect.arrayContaining(['failed.jsonl', 'gallery.html', 'contact-sheet.jpg', 'report.json']),
  );
  const others = names.filter((name) => !isRunFile(name));
  expect(others.toSorted()).toEqual(['0001-a-cat.json', '0001-a-cat.webp']);
});

it.each([
  'queue.json',
  'stdin.txt',
  'manifest.jsonl.next',
  'unused.jsonl.next',
  'comparison.json',
  'campaign_report.json',
  'contact-sheet.jpg',
  'contact-sheet-12.jpg',
])('%s is no file of a job', (name) => {
  expect(isRunFile(name)).toBe(true);
});

it.each(['0001-a-cat.webp', 'cats/run.json', 'my-contact-sheet.jpg', 'report-2.json'])(
  '%s may be a file of a job',
  (name) => {
    expect(isRunFile(name)).toBe(false);
  },
);
