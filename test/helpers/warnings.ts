import { afterEach, beforeEach, vi } from 'vitest';

/** The warnings of the process during a test; they are not printed. */
export function warnings(): () => string[] {
  let seen: string[] = [];
  beforeEach(() => {
    seen = [];
    vi.spyOn(process, 'emitWarning').mockImplementation((message) => {
      seen.push(String(message));
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return () => seen;
}
