import { UsageError } from '../../errors.ts';
import type { SettledFlags } from '../flags/flags.ts';
import { spendingSettings } from '../flags/spendingLimits.ts';
import { queueUrl } from '../script/environment.ts';
import { checkWebhooks } from './receiveWebhooks.ts';
import type { Batch } from './runBatch.ts';
import { pictureSigner, runSettings } from './runSettings.ts';

/**
 * Checks the flags of a batch without asking a service or a database, so that `--dry-run` refuses
 * the same flags as the run. Rejects with `UsageError` if they contradict each other, or if one is
 * missing.
 */
export async function checkFlags({
  flags,
  folder,
  service,
  io,
}: Pick<Batch, 'flags' | 'folder' | 'service' | 'io'>): Promise<void> {
  if (flags.detach && flags.cache !== null) throw detachWithCache();
  runSettings(flags);
  if (flags.queue !== null) return checkQueue(flags, { folder, env: io.env });
  spendingSettings(flags, io.env);
  await pictureSigner(flags);
  if (flags.follow === 'webhook') checkWebhooks(service, flags);
}

async function checkQueue(
  flags: SettledFlags,
  { folder, env }: Pick<Batch, 'folder'> & Pick<Batch['io'], 'env'>,
): Promise<void> {
  // Loaded only here: a run on one machine has no queue.
  const { expectServed } = await import('./queue/queueRefusals.ts');
  const { queuePlace } = await import('./queue/queueSettings.ts');
  expectServed(flags);
  queueUrl(flags.queue, env);
  queuePlace(flags, folder);
}

function detachWithCache(): UsageError {
  return new UsageError('`--detach` and `--cache` cannot be used together.', {
    suggestion: 'Remove one: a detached run ends before there are results to store.',
  });
}
