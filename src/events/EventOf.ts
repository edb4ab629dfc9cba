import type { RunEvent } from '../types.ts';

/** The events of these types. */
export type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { readonly type: T }>;
