import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Outcome } from '../../types.ts';
import { writeSidecar } from '../manifest/sidecar.ts';
import { type ToSinkConfig, toSink } from './toSink.ts';

/**
 * Writes each outcome as JSON beside its originals in a folder, as `writeSidecar` does, and emits
 * it then. Outcomes without files pass. Writes `concurrency` at a time; errors as `toSink`.
 */
export function toSidecars(folder: string, config: ToSinkConfig = {}): MonoTypeOperatorFunction<Outcome> {
  const sink = { add: (outcome: Outcome) => writeSidecar(folder, outcome) };
  return toSink('sidecars', async () => sink, config);
}
