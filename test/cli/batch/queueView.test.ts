import { describe, expect, it } from 'vitest';
import { createQueueView } from '../../../src/cli/batch/queue/queueView.ts';
import type { RunProgress } from '../../../src/fleet/producer/watchRun.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';

const progress: RunProgress = {
  state: 'running',
  reason: null,
  total: 100,
  saved: 40,
  failed: 0,
  skipped: 0,
  reservedMicroUsd: 0,
  spentMicroUsd: 120_000,
  inFlight: 0,
  workers: 0,
  liveWorkers: 1,
  silence: null,
  begunAtMs: 0,
};
const silent = (minutes: number | null): RunProgress => ({
  ...progress,
  liveWorkers: 0,
  silence: { minutes },
});

function aView(flags: { json?: boolean; quiet?: boolean } = {}) {
  const [stdout, stderr] = [new FakeStream(), new FakeStream()];
  const view = createQueueView({ flags: { json: false, quiet: false, ...flags }, io: { stdout, stderr } });
  return { view, stdout, stderr };
}

describe('createQueueView', () => {
  it('warns while no worker is alive, again after ten minutes, and again after one was', () => {
    const { view, stderr } = aView();
    for (const minutes of [0, 1, 9, 10]) view.progress(silent(minutes));
    view.progress(progress);
    view.progress(silent(null));
    expect(stderr.lines).toEqual([
      'warning No worker is alive, one was last heard of less than a minute ago: start one with `rxposure worker --queue --shared DIR`. The run waits for it.',
      ...Array(3).fill('40 of 100 saved, $0.12 spent, 0 in flight, no worker is alive'),
      expect.stringContaining('warning No worker is alive, one was last heard of 10 minutes ago:'),
      '40 of 100 saved, $0.12 spent, 0 in flight, no worker is alive',
      '40 of 100 saved, $0.12 spent, 0 in flight, no worker has jobs',
      expect.stringContaining('warning No worker is alive, none has been started yet:'),
      '40 of 100 saved, $0.12 spent, 0 in flight, no worker is alive',
    ]);
  });

  it('warns in an event with --json, and prints nothing with --quiet', () => {
    const { view, stdout } = aView({ json: true });
    view.progress(silent(4));
    const events = stdout.lines.map((line) => JSON.parse(line));
    expect(events).toMatchObject([
      { type: 'warning', message: expect.stringContaining('last heard of 4 minutes ago') },
      { type: 'queue.progress', saved: 40, silence: { minutes: 4 } },
    ]);
    const quiet = aView({ quiet: true });
    quiet.view.progress(silent(4));
    expect(quiet.stdout.text + quiet.stderr.text).toBe('');
  });
});
