export type { EventOf } from './EventOf.ts';
export { type ObservedRun, observeRun } from './observeRun.ts';
export { ofType } from './ofType.ts';
export { type ProgressOfConfig, progressOf } from './progressOf.ts';
export type { RunProgress } from './runProgress.ts';
export { type RunCallbacks, type ToCallbacksConfig, toCallbacks } from './toCallbacks.ts';
export { type JsonLinesConfig, toJsonLines } from './toJsonLines.ts';
