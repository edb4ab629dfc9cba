import { hash } from 'node:crypto';
import type { PredictionRequest } from '../types.ts';
import { canonicalJson } from './canonicalJson.ts';

/** The identity of a request: sha256 (64 hex digits) of its canonical JSON. Equal requests have equal keys. */
export function requestKey({ model, version, input }: PredictionRequest): string {
  return hash('sha256', canonicalJson({ model, version, input }), 'hex');
}
