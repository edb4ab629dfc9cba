import { describe, expect, it } from 'vitest';
import { createImageMemory, imageBudgetBytes } from '../../src/images/imageMemory.ts';

const MB = 1_000_000;

describe('imageBudgetBytes', () => {
  it.each<[string, string | undefined, number, number]>([
    ['1 GB at most', undefined, 64_000, 1_000],
    ['the free memory of the process', undefined, 700, 400],
    ['a quarter at least', undefined, 320, 80],
    ['as the environment says', '2500', 700, 2_500],
    ['by default if it says nothing', ' ', 700, 400],
  ])('is %s', (_, setting, availableMb, expectedMb) => {
    expect(imageBudgetBytes({ setting, availableBytes: availableMb * MB })).toBe(expectedMb * MB);
  });

  it.each(['many', '0', '-5', 'Infinity'])('refuses %s', (setting) => {
    expect(() => imageBudgetBytes({ setting })).toThrow(
      `Expected \`RXPOSURE_IMAGE_MB\` to be a number of megabytes, 1 or more, got ${setting}`,
    );
  });
});

describe('createImageMemory', () => {
  /** Runs tasks of so many bytes; resolves one by calling its end. */
  const tasksIn = (memory: ReturnType<typeof createImageMemory>) => {
    const begun: string[] = [];
    const begin = (name: string, bytes: number) => {
      const end = Promise.withResolvers<void>();
      const ended = memory.within(bytes, () => {
        begun.push(name);
        return end.promise;
      });
      return { end: end.resolve, fail: end.reject, ended };
    };
    return { begun, begin };
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('lets tasks in while there is memory, in the order in which they came', async () => {
    const memory = createImageMemory(100);
    const { begun, begin } = tasksIn(memory);
    const [a, b, c, d] = [begin('a', 60), begin('b', 40), begin('c', 70), begin('d', 10)];
    await settled();
    expect(begun).toEqual(['a', 'b']);
    expect(memory.usedBytes).toBe(100);
    b.fail(new Error('broken'));
    await expect(b.ended).rejects.toThrow('broken');
    // d would fit, but c was there first.
    expect(begun).toEqual(['a', 'b']);
    a.end();
    await a.ended;
    await settled();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    for (const { end } of [c, d]) end();
    await Promise.all([c.ended, d.ended]);
    expect(memory.usedBytes).toBe(0);
  });

  it('lets a task that needs more than all in alone', async () => {
    const { begun, begin } = tasksIn(createImageMemory(100));
    const [a, b, c] = [begin('a', 10), begin('b', 500), begin('c', 10)];
    await settled();
    expect(begun).toEqual(['a']);
    a.end();
    await settled();
    expect(begun).toEqual(['a', 'b']);
    b.end();
    await settled();
    expect(begun).toEqual(['a', 'b', 'c']);
    c.end();
    await c.ended;
  });

  it('gives back a part before the end, and all of it once', async () => {
    const memory = createImageMemory(100);
    const share = await memory.enter(90);
    const next = memory.enter(50);
    share.shrink(20);
    (await next).leave();
    share.shrink(90);
    expect(memory.usedBytes).toBe(20);
    share.leave();
    share.leave();
    expect(memory.usedBytes).toBe(0);
  });

  it('runs large tasks one after the other, also after a failure', async () => {
    const memory = createImageMemory(100);
    const begun: string[] = [];
    const first = Promise.withResolvers<void>();
    const one = memory.inTurn(() => {
      begun.push('one');
      return first.promise;
    });
    const two = memory.inTurn(async () => begun.push('two'));
    await settled();
    expect(begun).toEqual(['one']);
    first.reject(new Error('broken'));
    await expect(one).rejects.toThrow('broken');
    expect(await two).toBe(2);
  });
});
