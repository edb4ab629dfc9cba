import { z } from 'zod';
import { ProviderError } from '../errors.ts';

/** The `ProviderError` for an answer of 2xx that is not what the API documents. After a create, anything may have happened. */
export function unreadableAnswer(isCreate: boolean, cause: unknown): ProviderError {
  return new ProviderError(
    'ERR_UNREADABLE_ANSWER',
    `Expected an answer as Replicate documents it, got ${whatCame(cause)}`,
    { recoverable: true, tookEffect: isCreate ? 'unknown' : 'no', suggestion: 'Check the base URL.' },
  );
}

/** Names the place only: what stands there may be private. */
function whatCame(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return cause instanceof SyntaxError ? 'no JSON' : 'something else';
  const path = cause.issues[0]?.path.join('.') ?? '';
  return path === '' ? 'JSON of another shape' : `JSON with an odd ${path}`;
}
