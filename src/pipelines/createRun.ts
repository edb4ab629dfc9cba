import { availableParallelism } from 'node:os';
import { asyncScheduler, EMPTY, NEVER } from 'rxjs';
import { type Claims, createClaims } from '../operators/createClaims.ts';
import { createGate, type Gate } from '../operators/createGate.ts';
import type { GenerateConfig } from './GenerateConfig.ts';

/** A run's configuration with every default in place, and what all its jobs share. */
export interface Run extends Required<Omit<GenerateConfig, 'concurrency' | 'downloads' | 'encoders'>> {
  /** Jobs under way at most, from the first create to the last rendition. */
  readonly journeys: number;
  /** Predictions in flight. */
  readonly slots: Gate;
  /** Downloads in flight. */
  readonly downloads: Gate;
  /** Originals being decoded and encoded. */
  readonly encoders: Gate;
  readonly claims: Claims;
  /** Set when the run was told to stop: jobs that wait in line begin nothing any more. */
  isStopped: boolean;
}

/** Fills in the defaults of a run and opens its gates. */
export function createRun(config: GenerateConfig): Run {
  const {
    concurrency = 10,
    downloads = 16,
    encoders = availableParallelism(),
    maxAttempts = 3,
    timeoutMs = 600_000,
    repay = false,
    isDone = ({ index }) => config.journal.isSaved(index),
    keep = () => EMPTY,
    emit = () => {},
    stop = NEVER,
    scheduler = asyncScheduler,
    random = Math.random,
    ...ports
  } = config;
  return {
    ...ports,
    maxAttempts,
    timeoutMs,
    repay,
    isDone,
    keep,
    emit,
    stop,
    scheduler,
    random,
    // Twice the slots: while one job is downloaded and encoded, another one's prediction can run in its place.
    // A job beyond its prediction holds files on disk and no bytes in memory, so this bounds the backlog, not the memory.
    journeys: 2 * concurrency + downloads,
    slots: createGate(concurrency),
    downloads: createGate(downloads),
    encoders: createGate(encoders),
    claims: createClaims(config.journal.knownPredictionIds()),
    isStopped: false,
  };
}
