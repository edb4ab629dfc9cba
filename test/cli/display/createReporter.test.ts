import { describe, expect, it } from 'vitest';
import { createReporter } from '../../../src/cli/display/reporter.ts';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import type { RunTotals } from '../../../src/events/totals.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';
import { FakeTerminal } from '../../helpers/fakeTerminal.ts';
import { outcome, outcomeError } from '../../helpers/outcomes.ts';
import { VirtualClock } from '../../helpers/virtualClock.ts';

const totals: RunTotals = {
  total: 20,
  saved: 19,
  failed: 1,
  skipped: 0,
  alreadySaved: 0,
  costUsd: 0.057,
  costIncomplete: false,
};
const start: RunEvent = {
  type: 'run.started',
  folder: '/out/run',
  total: 20,
  alreadySaved: 0,
  concurrency: 4,
};
const failure: RunEvent = {
  type: 'job.failed',
  outcome: outcome(3, { status: 'failed', prompt: 'a\nfox', error: outcomeError() }),
};
const failureText = "failed #4 'a fox': The output was flagged";

function creating(index: number, prompt = `prompt ${index}`): RunEvent {
  return { type: 'prediction.creating', index, prompt, model: 'owner/name', attempt: 1 };
}

function saved(index: number): RunEvent {
  return { type: 'image.saved', outcome: outcome(index) };
}

describe('in a terminal', () => {
  function open(columns = 60, rows = 10) {
    const clock = new VirtualClock();
    const stderr = new FakeTerminal(columns, rows);
    const stdout = new FakeStream();
    const reporter = createReporter({ stdout, stderr, noColor: true, scheduler: clock });
    return { clock, stderr, stdout, reporter };
  }

  it('shows why the service lets it wait, and for how long', () => {
    const { clock, stderr, reporter } = open();
    const message = 'You have reached your monthly spend limit of $20. Raise it to continue.';
    reporter.onEvent(start);
    reporter.onEvent({ type: 'rate.paused', waitMs: 90_000, reason: 'refused', message });
    clock.advance(30_000);
    expect(stderr.shown.slice(-2)).toEqual([
      'paused by the service: You have reached your monthly spend…',
      '─────────────────────── 0/20 · paused 1m 00s by the service',
    ]);
    clock.advance(60_000);
    expect(stderr.shown.at(-2)).not.toContain('paused by');
    reporter.close();
  });

  it('shows the totals and the jobs in flight, and replaces them by the summary', () => {
    const { clock, stderr, stdout, reporter } = open();
    reporter.onEvent(start);
    expect(stderr.shown).toEqual(['──────────────────────── 0/20']);
    reporter.onEvent(creating(0));
    reporter.onEvent(creating(1, 'evil \x1b[2J\n狐狸'));
    clock.advance(2_000);
    expect(stderr.shown).toEqual([
      ' #1    2s creating    prompt 0',
      ' #2    2s creating    evil 狐狸',
      '──────────────────────── 0/20 · 2 in flight',
    ]);
    reporter.onEvent(saved(0));
    reporter.onEvent(failure);
    clock.advance(100);
    expect(stderr.shown[0]).toBe(failureText.slice(0, 60));
    expect(stderr.shown.at(-1)).toBe('2/20 · 1 in flight · 1 failed · $0.006 · 57/min · 19s left');
    reporter.onEvent({ type: 'run.completed', totals, elapsedMs: 60_000 });
    expect(stderr.text).toContain('19 of 20 jobs saved in 1m 00s');
    expect(stderr.text).not.toContain('\x1b[31m');
    expect(stderr.isCursorVisible).toBe(true);
    expect(stdout.text).toBe('');
    const { writes } = stderr;
    clock.advance(5_000);
    expect(stderr.writes).toBe(writes);
  });

  it('writes at most ten times a second, and not at all if nothing changes', () => {
    const { clock, stderr, reporter } = open();
    reporter.onEvent(start);
    for (let index = 0; index < 1_000; index += 1) {
      reporter.onEvent(creating(index % 4));
      clock.advance(1);
    }
    expect(stderr.writes).toBeLessThanOrEqual(11);
    for (let index = 0; index < 4; index += 1) reporter.onEvent(saved(index));
    clock.advance(80_000);
    const { writes } = stderr;
    clock.advance(10_000);
    expect(stderr.writes).toBe(writes);
    reporter.close();
  });

  it.each([
    [60, 10],
    [20, 3],
    [12, 2],
    [5, 1],
    [200, 50],
  ])('never is taller than a window of %i by %i', (columns, rows) => {
    const { clock, stderr, reporter } = open(columns, rows);
    reporter.onEvent(start);
    for (let index = 0; index < 40; index += 1) reporter.onEvent(creating(index, '狐狸 fox '.repeat(30)));
    for (let frame = 0; frame < 30; frame += 1) {
      reporter.onEvent(saved(frame));
      clock.advance(1_000);
    }
    expect(stderr.history).toEqual([]);
    expect(stderr.shown.length).toBeLessThanOrEqual(rows);
    reporter.close();
    expect(stderr.shown).toEqual([]);
    expect(stderr.isCursorVisible).toBe(true);
  });

  it('follows the window when it changes', () => {
    const { clock, stderr, reporter } = open(60, 10);
    reporter.onEvent(start);
    for (let index = 0; index < 8; index += 1) reporter.onEvent(creating(index));
    clock.advance(100);
    expect(stderr.shown).toHaveLength(9);
    stderr.rows = 20;
    stderr.columns = 30;
    clock.advance(100);
    expect(stderr.shown.at(-1)).toMatch(/^─+ 0\/20 · 8 in flight$|^0\/20 · 8 in flight$/);
    reporter.close();
  });

  it('closes twice without harm, and without ever having begun', () => {
    const { stderr, reporter } = open();
    reporter.close();
    reporter.close();
    expect(stderr.text).toBe('');
  });

  it('assumes a size for a window of unknown size', () => {
    const { clock, stderr, reporter } = open(0, 0);
    stderr.columns = 0;
    reporter.onEvent(start);
    clock.advance(100);
    expect(stderr.text).toContain('0/20');
    reporter.close();
  });
});

describe('in a log', () => {
  function open() {
    const clock = new VirtualClock();
    const stderr = new FakeStream();
    const stdout = new FakeStream();
    const redact = (text: string) => text.replaceAll('secret', '[token]');
    return { clock, stderr, stdout, reporter: createReporter({ stdout, stderr, scheduler: clock, redact }) };
  }

  it('reports the first outcome, each tenth, and failures', () => {
    const { clock, stderr, reporter } = open();
    reporter.onEvent(start);
    for (let index = 0; index < 20; index += 1) {
      clock.advance(100);
      reporter.onEvent(index === 3 ? failure : saved(index));
    }
    expect(stderr.lines[0]).toBe('20 jobs, 4 at a time, into /out/run');
    expect(stderr.lines[1]).toBe('[0.1s] 1/20, $0.003');
    expect(stderr.lines.filter((line) => line.startsWith('['))).toHaveLength(11);
    expect(stderr.lines).toContain(failureText);
    reporter.onEvent({ type: 'run.completed', totals, elapsedMs: 2_000 });
    expect(stderr.text).toContain('19 of 20 jobs saved in 2s');
    expect(stderr.text).not.toContain('\x1b');
  });

  it('has a line for the first failure of a cause, and counts all of them at the end', () => {
    const { stderr, reporter } = open();
    reporter.onEvent(start);
    const failures = [3, 4, 5, 6, 7, 8].map((index) =>
      outcome(index, { status: 'failed', prompt: 'a fox', error: outcomeError() }),
    );
    for (const failed of failures) reporter.onEvent({ type: 'job.failed', outcome: failed });
    expect(stderr.lines.filter((line) => line.startsWith('failed'))).toEqual([failureText]);
    reporter.onEvent({ type: 'run.completed', totals: { ...totals, failed: 6 }, elapsedMs: 1 });
    expect(stderr.lines).toContain('  6 jobs (#4, #5, #6, …): The output was flagged – Change the prompt.');
  });

  it('gives a sign of life each 5 s, and each 30 s later on', () => {
    const { clock, stderr, reporter } = open();
    reporter.onEvent(start);
    clock.advance(59_000);
    expect(stderr.lines).toHaveLength(1 + 11);
    clock.advance(301_000);
    expect(stderr.lines).toHaveLength(1 + 11 + 10);
    reporter.close();
    clock.advance(60_000);
    expect(stderr.lines).toHaveLength(1 + 11 + 10);
  });

  it('removes secrets', () => {
    const { stderr, reporter } = open();
    reporter.onEvent({ type: 'warning', message: 'the secret\nword' });
    expect(stderr.text).toBe('warning the [token] word\n');
    reporter.close();
  });
});

describe('with --json and --quiet', () => {
  it('emits each event as one line, and no output for people', () => {
    const stderr = new FakeTerminal(80, 24);
    const stdout = new FakeStream();
    const redact = (text: string) => text.replaceAll('"', "'").replaceAll('started', 'STARTED');
    const reporter = createReporter({ stdout, stderr, json: true, quiet: true, redact });
    const events: RunEvent[] = [start, failure, { type: 'run.completed', totals, elapsedMs: 1 }];
    for (const event of events) reporter.onEvent(event);
    reporter.close();
    expect(stderr.text).toBe('');
    // A prompt with a line break is still one line, and redaction works on values: the JSON stays
    // valid.
    const parsed = stdout.lines.map((line) => JSON.parse(line));
    expect(parsed).toEqual([{ ...start, type: 'run.STARTED' }, ...events.slice(1)]);
  });

  it('prints only failures under --quiet', () => {
    const stderr = new FakeTerminal(80, 24);
    const stdout = new FakeStream();
    const reporter = createReporter({ stdout, stderr, quiet: true });
    for (const event of [start, creating(0), saved(0), failure]) reporter.onEvent(event);
    reporter.onEvent({ type: 'run.completed', totals, elapsedMs: 1 });
    reporter.close();
    expect(stderr.text).toBe(`${failureText} – Change the prompt.\n`);
    expect(stdout.text).toBe('');
  });

  it('counts the failures of one cause under --quiet', () => {
    const stderr = new FakeStream();
    const reporter = createReporter({ stdout: new FakeStream(), stderr, quiet: true });
    for (let index = 0; index < 10_000; index += 1) {
      const failed = outcome(index, { status: 'failed', error: outcomeError() });
      reporter.onEvent({ type: 'job.failed', outcome: failed });
    }
    reporter.onEvent({ type: 'run.completed', totals, elapsedMs: 1 });
    expect(stderr.lines).toHaveLength(3 + 1);
    expect(stderr.lines.at(-1)).toMatch(/^failed 10000 jobs \(#1, #2, #3, …\): /);
  });
});
