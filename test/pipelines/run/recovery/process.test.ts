import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncScheduler, of, type SchedulerLike, Subject, throwError } from 'rxjs';
import { expect } from 'vitest';
import { ProviderError } from '../../../../src/errors.ts';
import type { Provider } from '../../../../src/ports.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import type { Fault, SimulatorFaults } from '../../../../src/simulator/engine/faults.ts';
import type { SimulatorConfig } from '../../../../src/simulator/index.ts';
import { loadSqlite } from '../../../../src/store/journal/database.ts';
import { startGenerate } from '../../../chaos/startGenerate.ts';
import { hurried } from '../../../helpers/hurried.ts';
import { describeTable } from '../../../helpers/recoveryTable.ts';
import { type Scripts, scriptsInFolder } from '../../../helpers/scriptsInFolder.ts';

const prompts = ['a', 'b', 'c'];
const MINUTE_MS = 60_000;

/** Waits that are short, at a later time of day. */
function later(ms: number): SchedulerLike {
  const scheduler = hurried(200);
  return { now: () => asyncScheduler.now() + ms, schedule: scheduler.schedule.bind(scheduler) };
}

/** Two minutes pass in a second. */
const fast = () => hurried(120, { isFast: true });

/** A scripts' folder whose service has faults that can be mended. */
async function faulty(faults: SimulatorFaults, config: SimulatorConfig = {}) {
  let isMended = false;
  const unlessMended = <Args extends readonly unknown[], T>(fault: ((...args: Args) => T) | undefined) =>
    fault === undefined ? {} : { fault: (...args: Args) => (isMended ? null : fault(...args)) };
  const { beforeCreate, afterCreate, onList, onGet, onOutcome } = faults;
  const scripts = await scriptsInFolder({
    ...config,
    faults: {
      beforeCreate: unlessMended(beforeCreate).fault ?? (() => null),
      afterCreate: unlessMended(afterCreate).fault ?? (() => null),
      onList: unlessMended(onList).fault ?? (() => null),
      onGet: unlessMended(onGet).fault ?? (() => null),
      onOutcome: unlessMended(onOutcome).fault ?? (() => null),
    },
  });
  const mend = () => {
    isMended = true;
  };
  return { scripts, mend };
}

const reset: Fault = { type: 'reset' };

/** A folder whose run was left when the response to its second create request was lost. */
async function lost(when: 'before' | 'after') {
  const leave = new Subject<void>();
  const lose = ({ prompt }: Readonly<Record<string, unknown>>) => (prompt === 'b' ? reset : null);
  const { scripts, mend } = await faulty(
    {
      ...(when === 'before' ? { beforeCreate: ({ input }) => lose(input) } : {}),
      ...(when === 'after' ? { afterCreate: ({ input }) => lose(input) } : {}),
      onList: () => {
        leave.next();
        return reset;
      },
    },
    // Faster than life, it would show other time limits than those that were asked for.
    { speed: 1, medianMs: 10 },
  );
  await scripts.generate(['a']);
  const first = await scripts.generate(['a', 'b'], '', { leave });
  expect(first.made).toBe(when === 'before' ? 0 : 1);
  mend();
  return scripts;
}

/** A folder whose predictions were left at a service that has forgotten them. */
async function forgotten() {
  const scripts = await scriptsInFolder({
    faults: { onGet: () => ({ type: 'answer', status: 404, body: '{"detail":"not found"}' }) },
  });
  const first = await scripts.generate(prompts, '--detach', { isBooked: false });
  expect(first.made).toBe(3);
  return scripts;
}

/** Turns the journal of a folder into one of version 2, which had one row for each index. */
async function makeOld({ at }: Scripts): Promise<void> {
  const database = new (loadSqlite().DatabaseSync)(at('run.sqlite'));
  database.exec(`
    ALTER TABLE job RENAME TO new_job;
    DROP INDEX job_at; DROP INDEX job_summary; DROP INDEX job_open;
    DROP TABLE run; DROP TABLE file_move; DROP TABLE session;
    CREATE TABLE run (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), fingerprint TEXT) STRICT;
    INSERT INTO run VALUES (1, 'input');
    CREATE TABLE job (
      job_index INTEGER PRIMARY KEY, key TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
      intended_at_ms INTEGER, prediction_id TEXT, request TEXT, prediction TEXT, files TEXT NOT NULL,
      cost_micro_usd INTEGER NOT NULL, open_micro_usd INTEGER, earlier_micro_usd INTEGER NOT NULL,
      paid_micro_usd INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX job_summary ON job (state, paid_micro_usd);
    CREATE INDEX job_open ON job (open_micro_usd) WHERE open_micro_usd IS NOT NULL;
    INSERT INTO job SELECT job_index, key, state, attempts, intended_at_ms, prediction_id, request, prediction,
      files, cost_micro_usd, open_micro_usd, 0, paid_micro_usd FROM new_job;
    DROP TABLE new_job;
    PRAGMA user_version = 2;
  `);
  database.close();
  for (const name of ['journal.jsonl', 'run.json']) await rm(at(name));
}

describeTable('The version or the process', {
  'the folder is of an earlier version': async () => {
    const scripts = await scriptsInFolder();
    const provider = { ...createReplicateProvider(scripts.simulator), identify: () => of('replicate') };
    await scripts.generate(prompts, '', { provider });
    await makeOld(scripts);
    const next = await scripts.generate(['new', 'c', 'a', 'b'], '', { provider });
    expect(next).toMatchObject({ code: 0, made: 1, unused: [], totals: { alreadySaved: 3 } });
    expect(next.warnings).toEqual([expect.stringContaining('did not store the service')]);
    const again = await scripts.generate(prompts, '', { provider });
    expect(again).toMatchObject({ code: 0, made: 0 });
    return again.made;
  },
  'the folder is of a later version': async () => {
    const scripts = await scriptsInFolder();
    await scripts.generate(prompts);
    const database = new (loadSqlite().DatabaseSync)(scripts.at('run.sqlite'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    await rm(scripts.at('journal.jsonl'));
    const next = await scripts.generate(prompts);
    expect(next.error).toMatchObject({ name: 'UsageError', message: expect.stringContaining('version 99') });
    return next.made;
  },
  'the run was killed, or the machine lost its power': async () => {
    const scripts = await scriptsInFolder({ speed: 20, slots: 2 });
    const many = Array.from({ length: 8 }, (_, index) => `pear ${index}`);
    // It writes the file of prompts.
    await scripts.generate(many, '--only 1');
    const { simulator } = scripts;
    const flags = ['--out', scripts.folder, '--no-gallery', '--concurrency', '3'];
    const run = startGenerate([join(scripts.root, 'prompts.txt'), ...flags], {
      REPLICATE_API_TOKEN: simulator.token,
      REPLICATE_BASE_URL: simulator.baseUrl,
      XDG_CACHE_HOME: join(scripts.root, 'xdg'),
    });
    await expect.poll(() => simulator.stats().created).toBeGreaterThan(3);
    run.kill();
    expect(await run.ended).toBeNull();
    const before = simulator.stats().created;
    expect(before).toBeLessThan(many.length);
    // A request that was on its way at the kill has made nothing: without this, a list proves it later.
    const provider = createReplicateProvider({ ...simulator, listIsCurrent: true });
    const next = await scripts.generate(many, '', { provider });
    expect(next).toMatchObject({ code: 0, made: many.length - before });
    // Those that the killed run has begun are not made again.
    return simulator.stats().created - many.length;
  },
  'the run was stopped with Ctrl-C': async () => {
    const stop = new Subject<void>();
    const scripts = await scriptsInFolder({
      faults: {
        afterCreate: () => {
          stop.next();
          return null;
        },
      },
    });
    const first = await scripts.generate(prompts, '--concurrency 1', { stop });
    expect(first).toMatchObject({ made: 1, totals: { saved: 1, skipped: 2 } });
    const next = await scripts.generate(prompts);
    expect(next).toMatchObject({ code: 0, made: 2, totals: { alreadySaved: 1 } });
    return next.made;
  },
  'the account had no credit (402), or its token was refused (401)': async () => {
    const { scripts, mend } = await faulty({
      beforeCreate: ({ input }) =>
        input.prompt === 'a' ? null : { type: 'answer', status: 402, body: '{"detail":"no credit"}' },
    });
    const first = await scripts.generate(prompts, '--concurrency 1');
    expect(first.error).toMatchObject({ code: 'ERR_NO_CREDIT' });
    mend();
    const next = await scripts.generate(prompts);
    expect(next).toMatchObject({ code: 0, made: 2, totals: { alreadySaved: 1 } });
    return next.made;
  },
  'the service did not respond for longer than `--max-wait`': async () => {
    const scripts = await scriptsInFolder();
    const provider = createReplicateProvider(scripts.simulator);
    const refused = new ProviderError('ERR_NO_CONNECTION', 'no connection', { recoverable: true });
    const away: Provider = {
      ...provider,
      createPrediction: (request, options) =>
        request.input.prompt === 'a'
          ? provider.createPrediction(request, options)
          : throwError(() => refused),
    };
    const scheduler = fast();
    const first = await scripts.generate(prompts, '--max-wait 20', { provider: away, scheduler });
    expect(first.error).toMatchObject({ code: 'ERR_WAIT_TOO_LONG', stopsRun: true });
    const next = await scripts.generate(prompts);
    expect(next).toMatchObject({ code: 0, made: 2, totals: { alreadySaved: 1 } });
    return next.made;
  },
  'a job failed': async () => {
    const { scripts, mend } = await faulty({
      onOutcome: ({ input }) => (input.prompt === 'b' ? 'CUDA out of memory' : null),
    });
    const first = await scripts.generate(prompts, '--max-attempts 1');
    expect(first).toMatchObject({ code: 1, made: 3, totals: { saved: 2, failed: 1 } });
    mend();
    const next = await scripts.generate(prompts);
    expect(next).toMatchObject({ code: 0, made: 1, totals: { alreadySaved: 2, saved: 1 } });
    return next.made;
  },
  'a job failed, and the input changes, then `rxposure retry`': async () => {
    const { scripts, mend } = await faulty({
      onOutcome: ({ input }) => (input.prompt === 'b' ? 'CUDA out of memory' : null),
    });
    await scripts.generate(prompts, '--max-attempts 1');
    await scripts.generate(['new', ...prompts], '--max-attempts 1');
    mend();
    const next = await scripts.retryFailed();
    expect(next).toMatchObject({ code: 0, made: 1, totals: { total: 1, saved: 1 } });
    expect(next.outcomes.map(({ prompt, status }) => `${prompt} ${status}`)).toEqual([
      'new saved',
      'a saved',
      'b saved',
      'c saved',
    ]);
    return next.made;
  },
  'a second run begins at the same time': async () => {
    const scripts = await scriptsInFolder({ speed: 5 });
    const first = scripts.generate(prompts);
    await expect.poll(() => scripts.simulator.stats().created).toBe(3);
    const second = await scripts.generate(prompts);
    expect(second.error).toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('is in use by another run'),
    });
    expect(await first).toMatchObject({ code: 0, made: 3 });
    return scripts.simulator.stats().created - prompts.length;
  },
  'the run left its predictions to the service (`--detach`, `--on-timeout leave`)': async () => {
    const scripts = await scriptsInFolder();
    const first = await scripts.generate(prompts, '--detach', { isBooked: false });
    expect(first.made).toBe(3);
    const next = await scripts.generate(['c', 'a', 'b']);
    expect(next).toMatchObject({ code: 0, made: 0, totals: { saved: 3 } });
    return next.made;
  },
  'a response was lost, and the list shows its prediction': async () => {
    const scripts = await lost('after');
    const next = await scripts.generate(['a', 'b']);
    expect(next).toMatchObject({ code: 0, made: 0, totals: { saved: 1, alreadySaved: 1, costUsd: 0.003 } });
    return next.made;
  },
  'a response was lost, and the list proves that nothing was made': async () => {
    const scripts = await lost('before');
    const next = await scripts.generate(['a', 'b'], '', { scheduler: later(11 * MINUTE_MS) });
    expect(next).toMatchObject({ code: 0, made: 1, totals: { saved: 1, alreadySaved: 1 } });
    return next.made;
  },
  'a response was lost, and nothing is proved': async () => {
    const scripts = await lost('before');
    const next = await scripts.generate(['a', 'b'], '', { scheduler: fast() });
    expect(next).toMatchObject({ code: 1, totals: { failed: 1, alreadySaved: 1 } });
    expect(next.outcomes[1]?.error).toMatchObject({ code: 'ERR_UNCERTAIN' });
    return next.made;
  },
  'a response was lost more than an hour ago': async () => {
    const scripts = await lost('before');
    const next = await scripts.generate(['a', 'b'], '', { scheduler: later(61 * MINUTE_MS) });
    expect(next).toMatchObject({ code: 1, totals: { failed: 1, alreadySaved: 1 } });
    expect(next.outcomes[1]?.error).toMatchObject({
      code: 'ERR_UNCERTAIN',
      suggestion: expect.stringContaining('--repay'),
    });
    return next.made;
  },
  'a response was lost, and nothing is proved, with `--repay`': async () => {
    const scripts = await lost('before');
    const next = await scripts.generate(['a', 'b'], '--repay', { scheduler: fast() });
    expect(next).toMatchObject({ code: 0, made: 1, totals: { saved: 1, alreadySaved: 1 } });
    return next.made;
  },
  'the service has forgotten a prediction of an earlier run': async () => {
    const scripts = await forgotten();
    const next = await scripts.generate(prompts, '', { scheduler: hurried(500) });
    expect(next).toMatchObject({ code: 1, totals: { failed: 3, costUsd: 0.009 } });
    expect(next.outcomes[1]?.error).toMatchObject({
      code: 'ERR_OUTPUT_GONE',
      suggestion: expect.stringContaining('--repay'),
    });
    return next.made;
  },
  'the service has forgotten a prediction of an earlier run, with `--repay`': async () => {
    const scripts = await forgotten();
    const next = await scripts.generate(prompts, '--repay', { scheduler: hurried(500) });
    expect(next).toMatchObject({ code: 0, made: 3, totals: { saved: 3 } });
    return next.made;
  },
});
