import { Readable } from 'node:stream';
import { lastValueFrom, NEVER, Subject } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { status } from '../../../src/cli/commands/fleet/status.ts';
import { fleetStatusLines } from '../../../src/cli/commands/fleet/statusLines.ts';
import { createPaint } from '../../../src/cli/display/terminal.ts';
import { displayWidth, formatDuration } from '../../../src/cli/display/text.ts';
import { createRunCalls } from '../../../src/fleet/database/runCalls.ts';
import type { FleetStatus, RunStatus } from '../../../src/fleet/status/readStatus.ts';
import { findStuck } from '../../../src/fleet/status/stuck.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';
import { FakeTerminal } from '../../helpers/fakeTerminal.ts';
import { aRun } from '../../helpers/fleet.ts';
import { fleetDatabase } from '../../helpers/postgres.ts';

const MINUTE_MS = 60_000;
const atMs = 100 * MINUTE_MS;
const night: RunStatus = {
  run: 1,
  name: 'night',
  state: 'running',
  reason: null,
  begunAtMs: 0,
  total: 100_000,
  saved: 6_000,
  failed: 20,
  skipped: 0,
  inFlight: 37,
  madeLastMinute: 540,
  partsWaiting: 3_000,
  partsTaken: 4,
  spentMicroUsd: 37_041_234,
  reservedMicroUsd: 300_000,
  limitMicroUsd: 300_000_000,
};
const fleet: FleetStatus = {
  atMs,
  account: {
    slots: 50,
    inFlight: 37,
    perMinute: 600,
    pacePerMinute: 600,
    madeLastMinute: 540,
    closedUntilMs: null,
  },
  runs: [night],
  workers: [
    {
      name: 'machine-a/4242',
      parts: 4,
      isLive: true,
      heardAtMs: atMs - 3_000,
      cpu: 1.93,
      cpuLimit: 2,
      memoryBytes: 410e6,
      memoryLimitBytes: 8.2e9,
    },
  ],
  stuck: [],
};
const linesOf = (seen: FleetStatus, columns = 79) =>
  fleetStatusLines(seen, findStuck(seen, formatDuration), columns, createPaint(false));

describe('fleetStatusLines', () => {
  it('shows account, runs and workers', () => {
    expect(linesOf(fleet)).toEqual([
      '37 of 50 slots taken, 540 of 600 create requests in the last minute',
      '',
      'run    state          saved  failed   spent   held   budget    left',
      'night  running  6000/100000      20  $37.05  $0.30  $300.00  2h 54m',
      '',
      'worker          parts  heard of  cores       memory',
      'machine-a/4242      4    3s ago  1.9/2  410/8200 MB',
    ]);
  });

  it('names stuck runs and a remedy, in 80 columns however long the names are', () => {
    const stuck = {
      ...{ run: 1, part: 2, job: null, predictionId: null, owner: null, sinceMs: atMs - 50 * MINUTE_MS },
      detail: null,
    };
    const lines = linesOf({
      ...fleet,
      account: { ...fleet.account!, closedUntilMs: atMs + 28_000 },
      runs: [
        { ...night, name: '日本の夏のキャンペーン、二度目の試み、とても長い名前' },
        { ...night, run: 2, name: `x\u001b[31m${'y'.repeat(200)}`, state: 'done', limitMicroUsd: null },
      ],
      workers: [
        { ...fleet.workers[0]!, name: 'm'.repeat(90), isLive: false, heardAtMs: atMs - 4 * MINUTE_MS },
      ],
      stuck: [
        { ...stuck, why: 'output', job: 250, predictionId: 'abc', owner: 'machine-b/1' },
        { ...stuck, run: 2, why: 'lost', job: 3 },
        { ...stuck, run: 2, why: 'deaths', detail: '4' },
        { ...stuck, run: 2, why: 'refused', detail: 'no such bucket' },
        { ...stuck, run: 3, why: 'paused', detail: 'no credit' },
        { ...stuck, run: 3, why: 'loading' },
      ],
    });
    expect(lines.filter((line) => displayWidth(line) > 79 && !/^\S{80,}$/.test(line))).toEqual([]);
    const text = lines.join(' ').replaceAll(/ +/g, ' ');
    for (const words of [
      'No worker is alive, and 3004 parts wait. Start one with `rxposure worker`.',
      'was last heard of 4m 00s ago; it had 4 parts.',
      'The service refuses create requests for 28s more.',
      '#251: prediction abc has been open for 50m 00s. The service deletes outputs an hour after they are made.',
      'Its part is with machine-b/1. See that the worker is alive',
      '#4: a create request of 50m 00s ago has no response, and no prediction of it was found. No worker has its part.',
      'part 3: 4 workers died with it.',
      'part 3: workers leave it to others: no such bucket Remove the cause: they try it again every 30 s.',
      'run 3 is paused: no credit Remove the cause',
      'run 3 is not loaded to its end, 50m 00s after its command began.',
    ]) {
      expect(text).toContain(words);
    }
  });

  it('reports that no run was started, and nothing about unknown workers', () => {
    const empty = { atMs, account: null, runs: [], workers: [], stuck: [] };
    expect(linesOf(empty)).toEqual(['No run was started on this database.']);
    const unheard = { ...fleet.workers[0]!, isLive: null, heardAtMs: null, cpu: null, memoryBytes: null };
    expect(linesOf({ ...fleet, workers: [unheard] }).at(-1)).toBe(
      'machine-a/4242      4         –      –       –',
    );
    expect(linesOf({ ...fleet, runs: [{ ...night, state: 'done' }], workers: [] })).toHaveLength(4);
  });
});

describeFleet('status', () => {
  let database: Awaited<ReturnType<typeof fleetDatabase>>;
  beforeAll(async () => {
    database = await fleetDatabase(2);
  });
  afterAll(() => database?.close());
  const io = (stdout: FakeStream | FakeTerminal = new FakeStream()) => ({
    stdin: Readable.from([]),
    stdout,
    stderr: new FakeStream(),
    // This test is not about flushed commits.
    env: { RXPOSURE_QUEUE: `${database.url}?options=${encodeURIComponent('-c synchronous_commit=on')}` },
    outputClosed: NEVER,
  });

  it('prints a fleet as text or as JSON', async () => {
    await aRun(database, undefined, { slots: 7, perMinute: 600, burst: 1, limitMicroUsd: 2_000_000 });
    const text = io();
    expect(await status({}, text)).toBe(0);
    expect(text.stdout.text).toMatch(
      /^0 of 7 slots taken, 0 of 600 create requests in the last minute\n\nrun +state/,
    );
    const json = io();
    await status({ json: true }, json);
    expect(JSON.parse(json.stdout.text)).toMatchObject({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      account: { slots: 7, closedUntil: null },
      runs: [{ state: 'running', total: 1, budgetUsd: 2, spentUsd: 0, begunAt: expect.any(String) }],
      workers: [],
      stuck: [{ why: 'workers', text: 'No worker is alive, and 1 part wait.' }],
    });
  });

  it('shows it again until the reader goes away', async () => {
    const outputClosed = new Subject<void>();
    const watched = { ...io(), outputClosed };
    const ended = status({ watch: true, json: true, everyMs: 5 }, watched);
    await expect.poll(() => watched.stdout.text.split('\n').length).toBeGreaterThan(2);
    outputClosed.next();
    expect(await ended).toBe(0);
    for (const line of watched.stdout.text.trim().split('\n')) expect(JSON.parse(line).account.slots).toBe(7);
  });

  it('redraws it on a terminal, and leaves the last one there', async () => {
    const outputClosed = new Subject<void>();
    const terminal = new FakeTerminal(80, 24);
    const ended = status({ watch: true, everyMs: 5 }, { ...io(terminal), outputClosed });
    await expect.poll(() => terminal.shown[0]).toContain('0 of 7 slots');
    await database.query('UPDATE rx.account SET slots = 8');
    await expect.poll(() => terminal.shown[0]).toContain('0 of 8 slots');
    outputClosed.next();
    await ended;
    expect(terminal.shown.filter((line) => line.includes('slots'))).toHaveLength(1);
    expect(terminal.isCursorVisible).toBe(true);
  });

  it('forgets a run by its name, and one that is not done only if it must', async () => {
    const calls = createRunCalls(database);
    const named = {
      name: 'summer',
      fingerprint: 'f',
      settings: {},
      planFormat: 1,
      limitMicroUsd: null,
      total: 3,
    };
    await lastValueFrom(calls.open(named));
    await expect(status({ forget: 'winter' }, io())).rejects.toThrow('The database has no run named winter.');
    await expect(status({ forget: 'summer' }, io())).rejects.toThrow('summer is not done: 3 jobs are open');
    const sure = io();
    expect(await status({ forget: 'summer', yes: true }, sure)).toBe(0);
    expect(sure.stdout.text).toBe('Forgot summer: its prompts and outcomes are no longer in the database.\n');
    expect(await database.query("SELECT id FROM rx.run WHERE name = 'summer'")).toEqual([]);
  });

  it('forgets a run whose outcomes no folder has only if it must', async () => {
    const calls = createRunCalls(database);
    const run = await aRun(database, []);
    const [row] = await database.query('SELECT name FROM rx.run WHERE id = $1', [run]);
    const name = String(row?.name);
    await expect(status({ forget: name }, io())).rejects.toThrow('its outcomes are in the database alone');
    await lastValueFrom(calls.imported(run));
    expect(await status({ forget: name }, io())).toBe(0);
  });

  it('needs an address', async () => {
    await expect(status({}, { ...io(), env: {} })).rejects.toThrow(
      '`--queue` needs the address of a PostgreSQL',
    );
  });
});
