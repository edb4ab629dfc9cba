import { open } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { syncFolder } from '../../src/disk/folders.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

describe('syncFolder', () => {
  it.each([
    ['EINVAL', true],
    ['ENOTSUP', true],
    ['EPERM', true],
    ['EIO', false],
    ['ENOSPC', false],
  ])('after %s of the file system: the folder counts as flushed: %s', async (code, isPassedOver) => {
    const handle = await open(folder());
    const fault = Object.assign(new Error(code), { code });
    const sync = vi.spyOn(Object.getPrototypeOf(handle), 'sync').mockRejectedValue(fault);
    await handle.close();
    const synced = syncFolder(folder()).then(
      () => true,
      (error: unknown) => error !== fault,
    );
    expect(await synced).toBe(isPassedOver);
    sync.mockRestore();
  });

  it('shares the next flush among all callers during the present one', async () => {
    const handle = await open(folder());
    const sync = vi.spyOn(Object.getPrototypeOf(handle), 'sync');
    await handle.close();
    const ended: number[] = [];
    const calls = [1, 2, 3].map((call) => syncFolder(folder()).then(() => ended.push(call)));
    await Promise.all(calls);
    expect([sync.mock.calls.length, ended]).toEqual([2, [1, 2, 3]]);
    await syncFolder(folder());
    expect(sync).toHaveBeenCalledTimes(3);
    sync.mockRestore();
  });

  it('flushes for waiting callers, though the flush before failed', async () => {
    const handle = await open(folder());
    const fault = Object.assign(new Error('EIO'), { code: 'EIO' });
    const sync = vi.spyOn(Object.getPrototypeOf(handle), 'sync').mockRejectedValueOnce(fault);
    await handle.close();
    const results = await Promise.allSettled([syncFolder(folder()), syncFolder(folder())]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    sync.mockRestore();
  });
});
