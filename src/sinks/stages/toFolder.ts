import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Outcome } from '../../types.ts';
import { openFolder } from '../destinations/folder.ts';
import { toDestination } from './toDestination.ts';
import type { ToSinkConfig } from './toSink.ts';

/**
 * Copies the files of each saved outcome from its folder to another one, `to`, under the same
 * relative paths, and emits it with their paths there (`deliveredTo`). Replaces no file: a copy
 * whose name is taken gets `-2` behind it. Errors as `toSink`.
 */
export function toFolder(
  to: string,
  folder: string,
  config: ToSinkConfig = {},
): MonoTypeOperatorFunction<Outcome> {
  return toDestination(to, () => openFolder(to, folder), config);
}
