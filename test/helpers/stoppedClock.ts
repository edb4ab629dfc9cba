import { onTestFinished, vi } from 'vitest';

/** Stops the simulator's clocks, not its timers, until the test ends; the test can move them. */
export function stoppedClock(): { pass(ms: number): void } {
  let passedMs = 0;
  const atMs = performance.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  const startMs = Date.now();
  const now = vi.spyOn(performance, 'now').mockImplementation(() => atMs + passedMs);
  onTestFinished(() => {
    now.mockRestore();
    vi.useRealTimers();
  });
  return {
    pass(ms) {
      passedMs += ms;
      vi.setSystemTime(startMs + passedMs);
    },
  };
}
