import { UsageError } from '../../../errors.ts';

/** Returns the address of the database that `--queue` names, or else the environment. */
export function queueUrl(
  queue: string | true | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const url = typeof queue === 'string' ? queue : env.RXPOSURE_QUEUE;
  if (url !== undefined && url !== '') return url;
  throw new UsageError('`--queue` needs the address of a PostgreSQL.', {
    suggestion: 'Give it, as in --queue=postgres://USER@HOST/DATABASE, or set RXPOSURE_QUEUE.',
  });
}
