import type { Random } from '../../../src/simulator/engine/random.ts';
import type { SimulatorConfig } from '../../../src/simulator/index.ts';

/** The input of a run: a prompt file, and the flags that choose from it. */
export interface ChaosInput {
  readonly lines: readonly string[];
  /** `--count`. */
  readonly count: number;
  /** `--limit`; null: all jobs. */
  readonly limit: number | null;
}

/** The circumstances of a batch. */
export interface Circumstances {
  readonly seed: number;
  /** The simulator's. */
  readonly speed: number;
  /** Called with the name of each fault that strikes. */
  readonly onStrike: (name: string) => void;
}

/** A misfortune that has befallen a run folder. */
export interface Misfortune {
  readonly name: string;
  /** Puts the folder back as it was before, as a user would who has a copy. */
  undo(): Promise<void>;
}

/** Everything that goes wrong in a batch besides its kills. */
export interface Workload {
  readonly name: string;
  /** Sets up the simulator of a batch. Default: nothing goes wrong there. */
  readonly simulator?: (around: Circumstances) => Partial<SimulatorConfig>;
  /** Time to look for lost create requests, in seconds (`--look-for`). Default 1. */
  readonly lookForS?: number;
  /** Returns the input of the next run. Default: it stays the same. */
  readonly revise?: (input: ChaosInput, random: Random) => ChaosInput;
  /** Damages the folder of a killed run. Default: no-op. */
  readonly befall?: (folder: string, random: Random) => Promise<Misfortune | null>;
}

/** Returns the prompt of each job that an input asks for. */
export function jobsOf({ lines, count, limit }: ChaosInput): readonly string[] {
  const jobs = lines.flatMap((line) => Array<string>(count).fill(line));
  return limit === null ? jobs : jobs.slice(0, limit);
}
