import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Lease } from '../../../src/disk/lease/holdLease.ts';
import { leaseText, thisProcess } from '../../../src/disk/lease/leaseHolder.ts';
import { takeLease } from '../../../src/disk/lease/takeLease.ts';
import { removeTemporaries } from '../../../src/disk/writeFiles.ts';
import { UsageError } from '../../../src/errors.ts';
import { findStrayFiles } from '../../../src/pipelines/run/matching/strayFiles.ts';
import { FileTurns, useFileTurns } from '../../helpers/fileTurns.ts';
import { hurried } from '../../helpers/hurried.ts';
import { runOf } from '../../helpers/runOf.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

useFileTurns();
const folder = temporaryFolder();
const at = (name: string) => join(folder(), name);
const dead = { pid: 4_194_304 };
const leave = (name: string, token: string) =>
  writeFile(at(name), leaseText({ ...thisProcess(token), ...dead }, 0));
const OF_DEAD = 'run.lock.after-dead.rxposure.part';

/** A process that takes the lease of the folder, unless one that lives has it, and looks around. */
function aProcess(): FileTurns<Lease | null> {
  return new FileTurns(async () => {
    const lease = await take();
    if (lease === null) return null;
    await removeTemporaries(folder());
    await findStrayFiles(aRun(), async () => false);
    return lease;
  });
}

async function take(): Promise<Lease | null> {
  const refusal = new UsageError('held');
  const taken = takeLease(at('run.lock'), {
    refuse: () => refusal,
    repeatEvery: () => () => {},
    scheduler: hurried(500),
  });
  return firstValueFrom(taken).catch((error: unknown) => {
    if (error === refusal) return null;
    throw error;
  });
}

/** A run that has a prediction whose files may be anywhere in the folder. */
function aRun(): Parameters<typeof findStrayFiles>[0] {
  const journal = { openIndexes: () => [0], find: () => ({ predictionId: 'p1', intendedAtMs: 0 }) };
  return { config: { ...runOf().config, folder: folder() }, journal } as never;
}

// Other systems do not report whether a process lives.
describe.runIf(process.platform === 'linux')(
  'two processes in one folder (skipped on other systems than Linux)',
  () => {
    it('work although the refused one deletes its file while the other lists the folder', async () => {
      await leave('run.lock', 'dead');
      await writeFile(at('cat.png'), '');
      const [winner, loser] = [aProcess(), aProcess()];
      // Both have read the lease of the dead one.
      await loser.goTo('writeFile');
      // The first has replaced it, and has deleted temporary files.
      await winner.goTo('opendir', 2);
      // So the other finds the name of the successor free. It sees the new lease,
      await loser.goTo('rm', 2);
      expect(await readdir(folder())).toContain(OF_DEAD);
      // the first lists the files,
      await winner.goTo('stat');
      // and one of them is gone.
      await loser.go();
      expect(await readdir(folder())).not.toContain(OF_DEAD);
      await winner.go();
      expect(await loser.end).toBeNull();
      const lease = await winner.end;
      lease?.check();
      lease?.release();
      expect(await readdir(folder())).toEqual(['cat.png']);
    });

    it.each([
      ['that is free', async () => {}],
      ['of a dead process', () => leave('run.lock', 'dead')],
      [
        'of a dead process whose successor has died, too',
        async () => {
          await leave('run.lock', 'dead');
          await leave(OF_DEAD, 'dead successor');
        },
      ],
    ])('share out a lease %s, wherever they interrupt each other', async (_which, prepare) => {
      const outcomes: string[] = [];
      let isEach = false;
      for (let first = 0; !isEach; first += 1) {
        let isWhole = false;
        for (let second = 0; !isWhole; second += 1) {
          await prepare();
          const [one, other] = [aProcess(), aProcess()];
          isEach = (await one.go(first)) < first;
          isWhole = (await other.go(second)) < second || second === MOST_CALLS;
          // Each may wait for the other.
          await one.go(MOST_CALLS);
          await Promise.all([other.go(), one.go()]);
          const leases = await Promise.all([one.end, other.end]);
          for (const lease of leases) lease?.check();
          outcomes.push(leases.map((lease) => (lease === null ? 'refused' : 'holds')).join());
          for (const lease of leases) lease?.release();
          expect(await readdir(folder())).toEqual([]);
        }
      }
      expect(new Set(outcomes)).toEqual(new Set(['holds,refused', 'refused,holds']));
    });
  },
);

/** More than a process needs if it does not wait. */
const MOST_CALLS = 20;
