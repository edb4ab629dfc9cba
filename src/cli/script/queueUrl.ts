import { UsageError } from '../../errors.ts';

/** What `--queue` stands for without an address. */
export const QUEUE_VARIABLE = 'RXPOSURE_QUEUE';

/** Returns the address of the database that `--queue` names, or else the environment. */
export function queueUrl(
  queue: string | true | null | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const url = typeof queue === 'string' && queue !== QUEUE_VARIABLE ? queue : env[QUEUE_VARIABLE];
  if (url !== undefined && url !== '') return url;
  throw new UsageError('`--queue` needs the address of a PostgreSQL.', {
    suggestion: `Give it, as in --queue=postgres://USER@HOST/DATABASE, or set ${QUEUE_VARIABLE}.`,
  });
}
