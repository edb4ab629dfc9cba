import type { MonoTypeOperatorFunction } from 'rxjs';
import { of } from 'rxjs';
import type { Outcome } from '../../types.ts';
import { writeSidecar } from '../manifest/sidecar.ts';
import { type ToSinkConfig, toSink } from './toSink.ts';

/**
 * Writes each saved outcome as JSON beside its originals in a folder, as `writeSidecar` does, and
 * emits it then. Other outcomes pass. Writes `concurrency` at a time; errors as `toSink`.
 *
 *     outcomes      s--f|
 *     toSidecars    -s-f|    s.json is on disk
 */
export function toSidecars(folder: string, config: ToSinkConfig = {}): MonoTypeOperatorFunction<Outcome> {
  const sink = {
    add: (outcome: Outcome) => (outcome.status === 'saved' ? writeSidecar(folder, outcome) : of(outcome)),
  };
  return toSink('sidecars', async () => sink, config);
}
