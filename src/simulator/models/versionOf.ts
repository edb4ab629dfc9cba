import { createHash } from 'node:crypto';
import type { SimulatedModel } from './SimulatedModel.ts';

/** The id of a model's only version: 64 hex digits. */
export function versionOf({ name }: SimulatedModel): string {
  return createHash('sha256').update(name).digest('hex');
}
