import type { ModelInput } from '../types.ts';
import type { NamedValue } from './gridAxis.ts';

/** Lists by axis. */
export type GridLists = Readonly<Record<string, readonly NamedValue[]>>;

/** What varies, as a spec's fields have it. */
export interface GridFields {
  readonly prompt?: string | null | undefined;
  readonly axes?: GridLists | null | undefined;
  readonly zip?: GridLists | null | undefined;
  readonly input?: ModelInput | null | undefined;
  readonly model?: unknown;
}
