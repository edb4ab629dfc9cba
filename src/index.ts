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
  cachedBy,
  createGate,
  createGovernor,
  createLedger,
  createPrediction,
  downloadOutput,
  fallbackTo,
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
  PredictionEvents,
  Provider,
  Renderer,
  Reservation,
  ResultCache,
} from './ports.ts';
export {
  createDownloader,
  createReplicateProvider,
  createWebhookReceiver,
  fetchWebhookSecret,
} from './replicate/index.ts';
export { createRenderer } from './sinks/index.ts';
export { jobsFromRows, openPromptFile, planJobs } from './sources/index.ts';
export { createMemoryJournal, createModelCache, openJournal, openResultCache } from './store/index.ts';
export type {
  FetchedOutput,
  ImageFile,
  Job,
  Model,
  ModelInput,
  Outcome,
  OutcomeFile,
  Plan,
  Prediction,
  PredictionEvent,
  PredictionRequest,
  PredictionStatus,
  PricedRequest,
  RenditionSpec,
  RunEvent,
  RunTotals,
  Tags,
} from './types.ts';
