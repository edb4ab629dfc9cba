import { SECRET } from '../../../base/secretInputs.ts';
import { UsageError } from '../../../errors.ts';
import type { Plan } from '../../../types.ts';
import type { SettledFlags } from '../../flags/flags.ts';

/** A flag that workers do not serve, and why. */
interface Refusal {
  readonly flag: string;
  readonly isGiven: (flags: SettledFlags) => boolean;
  readonly reason: string;
}

const refusals: readonly Refusal[] = [
  {
    flag: '--strategy',
    isGiven: ({ strategy }) => strategy !== 'stream',
    reason: 'jobs of several machines have no common order',
  },
  {
    flag: '--concurrency auto',
    isGiven: ({ concurrency }) => concurrency === 'auto',
    reason: 'the number of predictions in flight is that of the account, for all machines: give a number',
  },
  {
    flag: '--simulate',
    isGiven: ({ simulateSpeed }) => simulateSpeed !== null,
    reason: 'the built-in simulator ends with the command: start one that stays with `simulator`',
  },
  {
    flag: '--provider',
    isGiven: ({ provider }) => provider !== 'replicate',
    reason: 'each worker would need a container of its own',
  },
  {
    flag: '--detach',
    isGiven: ({ detach }) => detach,
    reason: 'workers follow the predictions that they create',
  },
  {
    flag: '--cache',
    isGiven: ({ cache }) => cache !== null,
    reason: 'results are not shared between machines',
  },
  {
    flag: '--to webdataset',
    isGiven: ({ destinations }) => destinations.includes('webdataset'),
    reason: 'a shard has one writer',
  },
  {
    flag: '--delete-local',
    isGiven: ({ deleteLocal, shared }) => deleteLocal && shared !== null,
    reason: 'the images stay in the shared folder',
  },
  {
    flag: '--follow webhook',
    isGiven: ({ follow, webhookUrl }) => follow === 'webhook' && webhookUrl === null,
    reason: 'give `--webhook-url`, the address that leads to `rxposure hooks`',
  },
  {
    flag: '--webhook-port',
    isGiven: ({ webhookPort }) => webhookPort !== null,
    reason: 'webhooks are received by `rxposure hooks`, which has `--port`',
  },
  { flag: '--fail-fast', isGiven: ({ failFast }) => failFast, reason: 'other machines would not know of it' },
  {
    flag: '--cancel-on-exit',
    isGiven: ({ cancelOnExit }) => cancelOnExit,
    reason: 'Ctrl-C ends the view, and not the run',
  },
  {
    flag: '--recovery-rounds',
    isGiven: ({ recoveryRounds }) => recoveryRounds > 0,
    reason: 'a part that is done stays done: run `retry` on the folder afterwards',
  },
  {
    flag: '--watch',
    isGiven: ({ watchPort }) => watchPort !== null,
    reason: 'the page shows the jobs of one process',
  },
  {
    flag: '--budget-per-day',
    isGiven: ({ budgetPerDayMicroUsd }) => budgetPerDayMicroUsd !== null,
    reason: 'it is a limit of one machine, and others spend too: give --budget',
  },
  {
    flag: '--budget-per-month',
    isGiven: ({ budgetPerMonthMicroUsd }) => budgetPerMonthMicroUsd !== null,
    reason: 'it is a limit of one machine, and others spend too: give --budget',
  },
  {
    flag: '--on-image',
    isGiven: ({ onImage }) => onImage !== null,
    reason: 'the images are saved by other processes',
  },
  ...(['onEnd', 'notifyUrl'] as const).map((field) => ({
    flag: field === 'onEnd' ? '--on-end' : '--notify',
    isGiven: (flags: SettledFlags) => flags[field] !== null,
    reason: 'Ctrl-C ends the view, and not the run',
  })),
  {
    flag: '--c2pa-cert',
    isGiven: ({ c2paCert, c2paKey }) => c2paCert !== null || c2paKey !== null,
    reason: 'the key would have to be on each machine',
  },
];

/** Throws `UsageError` if workers do not serve one of the flags, before anything is created. */
export function expectServed(flags: SettledFlags): void {
  const refused = refusals.find(({ isGiven }) => isGiven(flags));
  if (refused === undefined) return;
  throw new UsageError(`\`${refused.flag}\` does not work with \`--queue\`: ${refused.reason}.`, {
    suggestion: 'Leave one of them out.',
  });
}

/** Throws `UsageError` if a plan cannot travel to another machine. */
export function expectTravels({ index, input, files = {}, renditions }: Plan): void {
  if (Object.values(input).includes(SECRET)) {
    throw new UsageError(`Image #${index + 1} has a secret input, which the database must not know.`, {
      suggestion: 'Run it without --queue.',
    });
  }
  const hasFiles = Object.keys(files).length > 0;
  const hasOverlay = renditions.some(({ overlay }) => overlay !== undefined);
  if (!hasFiles && !hasOverlay) return;
  throw new UsageError(
    `Image #${index + 1} needs a file of this machine: ${hasFiles ? Object.keys(files).join(', ') : 'an overlay'}.`,
    { suggestion: 'Give files by their https: addresses, or run it without --queue.' },
  );
}
