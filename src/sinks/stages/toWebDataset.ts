import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Outcome } from '../../types.ts';
import { openWebDataset, type WebDatasetConfig } from '../destinations/webDataset.ts';
import { toDestination } from './toDestination.ts';

/**
 * Appends each saved outcome as a sample to the WebDataset shards in its folder, as
 * `openWebDataset` does, and emits it with their paths (`deliveredTo`). Errors as `toSink`.
 */
export function toWebDataset(
  folder: string,
  config: WebDatasetConfig = {},
): MonoTypeOperatorFunction<Outcome> {
  return toDestination('webdataset', () => openWebDataset(folder, config), { concurrency: 4 });
}
