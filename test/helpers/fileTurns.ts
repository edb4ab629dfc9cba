import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll } from 'vitest';

/** The calls of `node:fs/promises` that wait for their turn. */
const waitingCalls = ['copyFile', 'link', 'open', 'opendir', 'readFile', 'rename', 'rm', 'stat', 'writeFile'];

const contexts = new AsyncLocalStorage<FileTurns<unknown>>();

/**
 * Work whose file calls happen one at a time, when a test lets them: so two of them take turns as
 * two processes do, in an order that the test chooses. For tests that call `useFileTurns`.
 */
export class FileTurns<T> {
  /** Settles as the work does. */
  readonly end: Promise<T>;
  private isOver = false;
  private waiting: { readonly name: string; readonly begin: () => void } | null = null;
  private onChange = () => {};

  constructor(work: () => Promise<T>) {
    this.end = contexts.run(this, work).finally(() => {
      this.isOver = true;
      this.onChange();
    });
    // A test may look at it later.
    this.end.catch(() => {});
  }

  /** Resolves when the call may begin. */
  turn(name: string): Promise<void> {
    return new Promise((begin) => {
      this.waiting = { name, begin };
      this.onChange();
    });
  }

  /** Resolves with the name of the next call, which has not begun; null if the work is over. */
  async next(): Promise<string | null> {
    while (this.waiting === null && !this.isOver) {
      await new Promise<void>((changed) => {
        this.onChange = changed;
      });
    }
    return this.waiting?.name ?? null;
  }

  /** Lets calls happen, this many at most; resolves with how many there were. */
  async go(calls = Number.POSITIVE_INFINITY): Promise<number> {
    for (let gone = 0; gone < calls; gone += 1) {
      if ((await this.next()) === null) return gone;
      const waiting = this.waiting;
      this.waiting = null;
      waiting?.begin();
      await this.next();
    }
    return calls;
  }

  /** Lets calls happen until the next one is the `nth` of a name; rejects if there is none. */
  async goTo(name: string, nth = 1): Promise<void> {
    for (let seen = 0; ; ) {
      const next = await this.next();
      if (next === name) seen += 1;
      if (seen === nth) return;
      if (next === null) throw new Error(`Expected a call of ${name}, got none`);
      await this.go(1);
    }
  }
}

/** Has the file calls of `FileTurns` wait in the tests of a file; those of all others do not. */
export function useFileTurns(): void {
  const promises = fs.promises as unknown as Record<string, (...args: unknown[]) => unknown>;
  const real = { ...promises };
  beforeAll(() => {
    for (const name of waitingCalls) {
      promises[name] = async (...args) => {
        await contexts.getStore()?.turn(name);
        return real[name]?.(...args);
      };
    }
    syncBuiltinESMExports();
  });
  afterAll(() => {
    for (const name of waitingCalls) promises[name] = real[name] as (typeof promises)[string];
    syncBuiltinESMExports();
  });
}
