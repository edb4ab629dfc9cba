import type { RunEvent } from '../types.ts';

/** One way to tell people or programs about a run. */
export interface View {
  onEvent(event: RunEvent): void;
  /** Ends it, also in the middle; may be called again. */
  close(): void;
}
