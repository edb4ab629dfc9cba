import { onTestFinished, vi } from 'vitest';

/**
 * Lets a test set the machine's clock, as a person or a time server does; timers are not affected.
 */
export function movableClock(): { set(byMs: number): void } {
  const realNow = Date.now;
  let aheadMs = 0;
  const now = vi.spyOn(Date, 'now').mockImplementation(() => realNow() + aheadMs);
  onTestFinished(() => now.mockRestore());
  return {
    set(byMs) {
      aheadMs += byMs;
    },
  };
}
