export type { BatchProgress, JobProgress } from './jobProgress.ts';
export {
  type Handled,
  type JsonLinesConfig,
  type RunCallbacks,
  type ToCallbacksConfig,
  toCallbacks,
  toJsonLines,
} from './listeners.ts';
export { type EventOf, type ObservedRun, observeRun, ofType } from './observeRun.ts';
export { type ProgressOfConfig, progressOf, type RunProgress } from './progress.ts';
