import type { RequestKind } from '../SimulatorStats.ts';

/** What a call to the API is about. */
export function requestKind(method: string, url: string): RequestKind {
  const path = url.replace(/\?.*/, '');
  if (method === 'POST' && path.endsWith('/predictions')) return 'create';
  if (method === 'POST' && path.endsWith('/cancel')) return 'cancel';
  if (path === '/v1/predictions') return 'list';
  if (path.startsWith('/v1/predictions/')) return 'get';
  if (path.startsWith('/v1/models')) return 'model';
  return path.startsWith('/v1/files') ? 'file' : 'other';
}
