import { afterEach, beforeEach, vi } from 'vitest';

/** The warnings of the process during a test; they are not printed. */
export function warnings(): () => string[] {
  let told: string[] = [];
  beforeEach(() => {
    told = [];
    vi.spyOn(process, 'emitWarning').mockImplementation((message) => {
      told.push(String(message));
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return () => told;
}
