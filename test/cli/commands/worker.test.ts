import { Readable } from 'node:stream';
import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import { worker } from '../../../src/cli/commands/fleet/worker.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';
import { newDatabase } from '../../helpers/postgres.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

describeFleet('worker', () => {
  const folder = temporaryFolder();

  it.each([
    [{ json: true }, 'stdout', /^\{"type":"worker\.ready","name":"\S+\/\d+"\}$/],
    [{}, 'stderr', /^\S+\/\d+ is ready, and waits for parts of runs$/],
  ] as const)('reports that it is ready, and ends on demand: %j', async (flags, stream, line) => {
    const outputClosed = new Subject<void>();
    const [stdout, stderr] = [new FakeStream(), new FakeStream()];
    const io = { stdin: Readable.from([]), stdout, stderr, env: { REPLICATE_API_TOKEN: 'r8' }, outputClosed };
    const ended = worker({ queue: await newDatabase(), scratch: folder(), ...flags }, io);
    await expect.poll(() => io[stream].lines).toEqual([expect.stringMatching(line)]);
    outputClosed.next();
    expect(await ended).toBe(0);
  });
});
