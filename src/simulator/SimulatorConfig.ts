import type { SimulatorFaults } from './SimulatorFaults.ts';

export interface SimulatorConfig {
  /** Port of the API on 127.0.0.1. Default 0: any free one. */
  port?: number;
  /** Port of the file host. Default 0: any free one. */
  filesPort?: number;
  /** The only token that is let in. Default `r8_simulator0000000000000000000000000000`. */
  token?: string;
  /** Run times, cold starts, failures and early answers follow from it; ids never do. Default 1. */
  seed?: number;
  /** Divides all durations of predictions and waits, multiplies all rate limits. Default 1. */
  speed?: number;
  /** Predictions that run at the same time; the others wait as `starting`. Default 64. */
  slots?: number;
  /** `full` draws a picture of each prompt; `fast` serves ready bytes, for load tests. Default `full`. */
  render?: 'full' | 'fast';
  /** Median run time of all models in ms. Default: each model's own. */
  medianMs?: number;
  /** Spread of the logarithm of run times; 0 makes them all equal to the median. Default 0.25. */
  sigma?: number;
  /** Run times of single models by `owner/name`; they win over `medianMs` and `sigma`. Default: none. */
  durations?: Readonly<Record<string, DurationConfig>>;
  /** Part of the runs that begin on a cold machine, 0…1; true: each model's own part; false: none. Default true. */
  coldStarts?: boolean | number;
  /** Creates a minute that are let through at `speed` 1. Default 600. */
  createPerMinute?: number;
  /** Creates that are let through at once. Default: as many as a minute lets through. */
  createBurst?: number;
  /** Credit in US dollars: below 5 creates are limited to 6 a minute, at 0 they are refused. Default: endless. */
  creditUsd?: number;
  /** Time from completion to the removal of input, output and files, in real ms whatever the speed. Default one hour. */
  outputLifetimeMs?: number;
  /** Part of the waited answers that come with their output but still say `processing`, 0…1. Default 0.25. */
  earlyOutputRate?: number;
  /**
   * `urls`: outputs lie at the file host. `data`: answers hold them as `data:` URLs, as the service's did in October 2024
   * and Cog's do. Default `urls`.
   */
  outputs?: 'urls' | 'data';
  /** What goes wrong. Default: nothing. */
  faults?: SimulatorFaults;
}

export interface DurationConfig {
  medianMs?: number;
  sigma?: number;
}
