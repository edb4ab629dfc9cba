import { writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom, of, VirtualTimeScheduler } from 'rxjs';
import { expect, it, vi } from 'vitest';
import { leaseText, thisProcess } from '../../../../src/disk/lease/leaseHolder.ts';
import type { RunEvent } from '../../../../src/events/runEvent.ts';
import { inOpenRun, openRun } from '../../../../src/pipelines/run/openRun.ts';
import { runToFolder } from '../../../../src/pipelines/runToFolder.ts';
import type { Provider } from '../../../../src/ports.ts';
import { aPrediction, fakeProvider } from '../../../helpers/fakeProvider.ts';
import { hurried } from '../../../helpers/hurried.ts';
import { aPlan } from '../../../helpers/runOf.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const settings = (provider: Provider = fakeProvider({})) => ({
  folder: folder(),
  provider,
  gallery: false,
  scheduler: hurried(500),
});
const elsewhere = { ...thisProcess('other'), machine: 'another', host: 'studio', pid: 4_242 };
const leaveLease = () => writeFileSync(join(folder(), 'run.lock'), leaseText(elsewhere, 0));

it('is for one run at a time, and the refusal names the run that has the folder', async () => {
  const run = await openRun(settings());
  await expect(openRun(settings())).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringMatching(/is in use by another run: this process, since \d{4}-\d\d-\d\d .* UTC\.$/),
    suggestion: expect.stringContaining('--out'),
  });
  await run.close();
  expect(await readdir(folder())).not.toContain('run.lock');
  expect(await lastValueFrom(inOpenRun(settings(), () => of('free')))).toBe('free');
});

it('is waited for by a run that asks for that', async () => {
  const run = await openRun(settings());
  const events: RunEvent[] = [];
  const emit = (event: RunEvent) => void events.push(event);
  const second = openRun({ ...settings(), waitsForFolder: true, emit });
  await vi.waitUntil(() => events.length > 0, { interval: 5 });
  expect(events).toEqual([
    {
      type: 'warning',
      message: expect.stringMatching(/in use by another run: .* Waiting until it has ended\.$/),
    },
  ]);
  await run.close();
  await (await second).close();
  expect(await readdir(folder())).not.toContain('run.lock');
});

it('is taken over from a run on another machine that does not renew its lease, after a warning', async () => {
  leaveLease();
  const events: RunEvent[] = [];
  const run = await openRun({ ...settings(), emit: (event) => events.push(event) });
  await run.close();
  expect(events).toEqual([
    { type: 'warning', message: expect.stringMatching(/may be in use .* process 4242 on studio, since/) },
  ]);
});

it('leaves a folder of another run alone if the wait for it is left', async () => {
  leaveLease();
  let warnings = 0;
  const waiting = inOpenRun({ ...settings(), scheduler: hurried(1), emit: () => (warnings += 1) }, () =>
    of(1),
  );
  const subscription = waiting.subscribe();
  await expect.poll(() => warnings).toBe(1);
  subscription.unsubscribe();
  expect(await readdir(folder())).toEqual(['run.json', 'run.lock']);
});

it('stops before the next create request once another run has taken over', async () => {
  let created = 0;
  const provider = fakeProvider({
    createPrediction: () => {
      created += 1;
      leaveLease();
      return of(aPrediction({ id: `p${created}`, status: 'processing', outputComplete: false }));
    },
  });
  const plans = () => [aPlan(0), aPlan(1), aPlan(2)];
  const { fault } = await firstValueFrom(
    runToFolder(plans, { ...settings(provider), strategy: 'sequential', detach: true }),
  );
  expect(created).toBe(1);
  expect(fault).toMatchObject({ code: 'ERR_LEASE_LOST', message: expect.stringContaining('on studio') });
});

it('is not waited for if the signal has aborted, before or meanwhile', async () => {
  leaveLease();
  const patient = { ...settings(), scheduler: new VirtualTimeScheduler() };
  const reason = new Error('no longer wanted');
  await expect(openRun(patient, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const opening = openRun(patient, controller.signal);
  controller.abort(reason);
  await expect(opening).rejects.toBe(reason);
});
