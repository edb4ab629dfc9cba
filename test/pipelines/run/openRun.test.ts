import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, NEVER, of, Subject, take, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { inOpenRun, openRun } from '../../../src/pipelines/run/openRun.ts';
import type { Destination } from '../../../src/ports.ts';
import { openWebDataset } from '../../../src/sinks/destinations/webDataset.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { fakeProvider } from '../../helpers/fakeProvider.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const provider = fakeProvider({});

function destination(name: string, close: () => Promise<void>): Destination {
  return { name, concurrency: 1, deliver: () => of({ at: name }), close } as unknown as Destination;
}

it('advises to bring a lost folder back, also if other parts of it cannot be closed', async () => {
  const path = join(folder(), 'run');
  const run = await openRun({
    folder: path,
    provider,
    gallery: false,
    destinations: [(at) => openWebDataset(at)],
  });
  await writeFile(join(path, 'a.png'), 'x');
  const original = { role: 'original', name: 'original', path: 'a.png', width: 1, height: 1 } as const;
  const files = [{ ...original, format: 'png', bytes: 1, sha256: 'ab'.repeat(32) }];
  await lastValueFrom(run.config.destinations![0]!.deliver(anOutcome({ files })));
  await rename(path, `${path}-moved`);
  await expect(run.close()).rejects.toMatchObject({ code: 'ERR_FOLDER_CHANGED' });
});

it('closes all destinations at once, and again does nothing', async () => {
  const closed: string[] = [];
  const first = Promise.withResolvers<void>();
  const destinations = [
    async () =>
      destination('first', async () => {
        await first.promise;
        closed.push('first');
      }),
    async () =>
      destination('second', async () => {
        closed.push('second');
        first.resolve();
      }),
  ];
  const run = await openRun({ folder: folder(), provider, gallery: false, destinations });
  await run.close();
  await run.close();
  expect(closed).toEqual(['second', 'first']);
});

it('closes all that is open if a destination cannot be opened, and rejects with its error', async () => {
  const closed: string[] = [];
  const destinations = [
    async () =>
      destination('first', async () => {
        closed.push('first');
        throw new Error('not closed');
      }),
    async () => {
      throw new Error('not opened');
    },
  ];
  const path = folder();
  const settings = { folder: path, provider, gallery: false };
  await expect(openRun({ ...settings, destinations })).rejects.toThrow('not opened');
  expect(closed).toEqual(['first']);
  // The folder is free again.
  expect(await lastValueFrom(inOpenRun(settings, () => of('free')))).toBe('free');
  expect(existsSync(join(path, 'run.sqlite'))).toBe(true);
});

it('frees a folder that was opened for a subscriber that has gone', async () => {
  const path = join(folder(), 'run');
  const settings = { folder: path, provider, gallery: false };
  const opened = Promise.withResolvers<void>();
  const isFree = Promise.withResolvers<void>();
  const leaving = {
    ...settings,
    destinations: [
      async () => {
        opened.resolve();
        return destination('slow', async () => isFree.resolve());
      },
    ],
  };
  const subscription = inOpenRun(leaving, () => of('never')).subscribe();
  await opened.promise;
  subscription.unsubscribe();
  await isFree.promise;
  await expect
    .poll(() => lastValueFrom(inOpenRun(settings, () => of('free'))).catch(() => null))
    .toBe('free');
});

it('holds a stop for stages that begin after it, and lets go of it at the end', async () => {
  const stop = new Subject<string>();
  const end = inOpenRun({ folder: folder(), provider, gallery: false, stop }, ({ config }) => {
    stop.next('stopped');
    return (config.stop ?? NEVER).pipe(take(1));
  });
  expect(await lastValueFrom(end)).toBe('stopped');
  expect(stop.observed).toBe(false);
});

it('passes the error of a stop only to its subscribers', async () => {
  const stop = throwError(() => new Error('broken'));
  const settings = { folder: folder(), provider, gallery: false, stop };
  expect(await lastValueFrom(inOpenRun(settings, () => of('done')))).toBe('done');
  const listening = inOpenRun(settings, ({ config }) => config.stop ?? NEVER);
  await expect(lastValueFrom(listening)).rejects.toThrow('broken');
});
