/** The most used names in one place; everything is in the subpaths. */
export {
  BudgetError,
  DownloadError,
  InvalidRowsError,
  PredictionError,
  ProviderError,
  RenderError,
  RxposureError,
  StorageError,
  UsageError,
} from './errors.ts';
export {
  adaptivePoll,
  awaitPrediction,
  budgetTake,
  createGate,
  createGovernor,
  createLedger,
  createPrediction,
  downloadOutput,
  gate,
  pullMap,
  rateLimit,
  renditions,
  retryBackoff,
  tally,
  tapEvents,
} from './operators/index.ts';
export {
  campaign,
  type FinishedRun,
  type GenerateConfig,
  generate,
  type RunSettings,
  runToFolder,
} from './pipelines/index.ts';
export type {
  CreateOptions,
  Downloader,
  EmitEvent,
  Governor,
  Journal,
  JournalEntry,
  Ledger,
  ModelCache,
  Provider,
  Renderer,
  Reservation,
} from './ports.ts';
export { createDownloader, createReplicateProvider } from './replicate/index.ts';
export { createRenderer } from './sinks/index.ts';
export { jobsFromRows, openPromptFile, planJobs } from './sources/index.ts';
export { createMemoryJournal, createModelCache, openJournal } from './store/index.ts';
export type {
  ImageFile,
  Job,
  Model,
  ModelInput,
  Outcome,
  OutcomeFile,
  Plan,
  Prediction,
  PredictionRequest,
  PredictionStatus,
  RenditionSpec,
  RunEvent,
  RunTotals,
  Tags,
} from './types.ts';
