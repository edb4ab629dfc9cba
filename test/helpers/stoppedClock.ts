import { onTestFinished, vi } from 'vitest';

/** Stops the clocks that tell the simulator the time, not its timers, until the test ends; they go on when they are told to. */
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
