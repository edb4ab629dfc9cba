import { currentMachine, hasMachine } from './machine.ts';
import type { Entry } from './timeline.ts';

/** The return value of a timer function: Node's has these methods. */
class Timer {
  entry: Entry | null = null;
  ref = () => this;
  unref = () => this;
  hasRef = () => true;
  refresh = () => this;
  [Symbol.toPrimitive] = () => this.entry?.order ?? 0;
}

/** Larger than that of any real process. */
const FIRST_PID = 5_000_000;

/**
 * Lets the clocks, timers, random numbers and the id of this process be those of the simulated machine
 * while there is one. Node's own parts keep the real ones, as the test runner's fake timers do it.
 */
export function patchTime(): void {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  const { now } = Date;
  const { random } = Math;
  const performanceNow = performance.now.bind(performance);
  const origin = performance.timeOrigin;
  const schedule = (action: () => void, delayMs: number, repeats: boolean): Timer => {
    const timer = new Timer();
    const machine = currentMachine();
    const { process, timeline } = machine;
    if (process?.isAlive !== true) return timer;
    const waitMs = delayMs >= 1 && delayMs < 2 ** 31 ? Math.floor(delayMs) : 1;
    const ring = () => {
      if (repeats) timer.entry = timeline.after(waitMs, process, ring);
      action();
    };
    timer.entry = timeline.after(waitMs, process, ring);
    return timer;
  };
  const clear = (timer: unknown, real: (timer: never) => void): void => {
    if (timer instanceof Timer) {
      if (timer.entry !== null) timer.entry.action = null;
    } else real(timer as never);
  };
  const globals = globalThis as unknown as Record<string, unknown>;
  type Ring = (...args: unknown[]) => void;
  globals.setTimeout = (ring: Ring, delayMs = 1, ...args: unknown[]) =>
    hasMachine() ? schedule(() => ring(...args), delayMs, false) : setTimeout(ring, delayMs, ...args);
  globals.setInterval = (ring: Ring, delayMs = 1, ...args: unknown[]) =>
    hasMachine() ? schedule(() => ring(...args), delayMs, true) : setInterval(ring, delayMs, ...args);
  globals.clearTimeout = (timer: unknown) => clear(timer, clearTimeout);
  globals.clearInterval = (timer: unknown) => clear(timer, clearInterval);
  Date.now = () => (hasMachine() ? Math.floor(currentMachine().wallMs()) : now());
  performance.now = () => (hasMachine() ? currentMachine().monotonicMs() : performanceNow());
  Object.defineProperty(performance, 'timeOrigin', {
    get: () => (hasMachine() ? currentMachine().originMs() : origin),
  });
  const { pid, kill } = process;
  Object.defineProperty(process, 'pid', {
    get: () => (hasMachine() ? FIRST_PID + (currentMachine().process?.number ?? 0) : pid),
  });
  process.kill = (of, signal) => {
    if (!hasMachine() || signal !== 0) return kill.call(process, of, signal);
    if (currentMachine().isRunning(of - FIRST_PID)) return true;
    throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
  };
  Math.random = () => (hasMachine() ? currentMachine().chance.between('engine', 0, 1) : random());
}
