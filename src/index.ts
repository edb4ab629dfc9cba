/** The most used names; the subpaths have everything. */
export {
  BudgetError,
  CircuitOpenError,
  DeliveryError,
  DownloadError,
  type DownloadErrorDetails,
  type ErrorDetails,
  InputFileError,
  InvalidRowsError,
  type KeptFile,
  PredictionError,
  ProviderError,
  type ProviderErrorDetails,
  RenderError,
  type RowProblem,
  RxposureError,
  ScoreError,
  StorageError,
  UsageError,
} from './errors.ts';
export { toCallbacks, toJsonLines } from './events/listeners.ts';
export { observeRun, ofType } from './events/observeRun.ts';
export { progressOf } from './events/progress.ts';
export type { EmitEvent, RunEvent } from './events/runEvent.ts';
export type { BudgetUse, LeftJobs, RunTotals } from './events/totals.ts';
export { adaptivePoll } from './operators/adaptivePoll.ts';
export { cachedBy } from './operators/cachedBy.ts';
export { fallbackTo } from './operators/fallbackTo.ts';
export { createGate, gate } from './operators/gate.ts';
export { inWaves } from './operators/inWaves.ts';
export { createGovernor } from './operators/pace/governor.ts';
export { rateLimit } from './operators/pace/rateLimit.ts';
export { awaitPrediction } from './operators/predictions/awaitPrediction.ts';
export { createPrediction } from './operators/predictions/createPrediction.ts';
export { pullMap } from './operators/pullMap.ts';
export { refine } from './operators/refine.ts';
export { requeue } from './operators/requeue.ts';
export { retryBackoff } from './operators/retryBackoff.ts';
export { budgetTake, createLedger } from './operators/stages/budgetTake.ts';
export { downloadOutput } from './operators/stages/downloadOutput.ts';
export { renditions } from './operators/stages/renditions.ts';
export { tally } from './operators/stages/tally.ts';
export { tapEvents } from './operators/tapEvents.ts';
export { type CompareModelsOptions, compareModels } from './pipelines/front/compareModels.ts';
export {
  collect,
  type FolderOptions,
  type RetryOptions,
  retryFailed,
} from './pipelines/front/folderRuns.ts';
export { images } from './pipelines/front/images.ts';
export type { ImagesRun, PlannedRun } from './pipelines/front/imagesRun.ts';
export type { BatchOptions, ImagesOptions, WorkflowOptions } from './pipelines/front/options.ts';
export type { PromptRow, Prompts, PromptsOfFile } from './pipelines/front/prompts.ts';
export { type RefineImagesOptions, refineImages } from './pipelines/front/refineImages.ts';
export type { RunPlan } from './pipelines/front/runPlan.ts';
export type { ScoreOption } from './pipelines/front/score.ts';
export { createSession, type Session, type SessionConfig } from './pipelines/front/session.ts';
export { campaign, compose, grid, styles, variations } from './pipelines/front/workflows.ts';
export { generate } from './pipelines/generate.ts';
export { generateStream } from './pipelines/generateStream.ts';
export type { GenerateConfig } from './pipelines/journey/config.ts';
export { isRunFault, type RunFault } from './pipelines/run/closing/faults.ts';
export type { FinishedRun } from './pipelines/run/closing/results.ts';
export type { RunSettings } from './pipelines/run/settings.ts';
export { type RunToFolderConfig, runToFolder } from './pipelines/runToFolder.ts';
export type { CampaignFigures, CampaignReport } from './pipelines/workflows/campaign/report.ts';
export type { CampaignFields, PlatformFields } from './pipelines/workflows/campaign/spec.ts';
export type { CompareFields, ModelFields } from './pipelines/workflows/compare.ts';
export type { CompositionFields, PictureFields } from './pipelines/workflows/compose.ts';
export type { AxisValue, GridFields } from './pipelines/workflows/grid/spec.ts';
export type { ScoreFields } from './pipelines/workflows/refinement/score.ts';
export type { RefinementFields } from './pipelines/workflows/refinement/spec.ts';
export type { StylesFields } from './pipelines/workflows/styles.ts';
export type { VariationsFields } from './pipelines/workflows/variations.ts';
export type {
  Claims,
  CreateTicket,
  Destination,
  Downloader,
  Follower,
  Governor,
  Journal,
  Ledger,
  ModelCache,
  PredictionEvents,
  Provider,
  ProviderAnswers,
  Renderer,
  Reservation,
  ResultCache,
  Scorer,
} from './ports.ts';
export { createDownloader } from './providers/downloads/downloader.ts';
export { createReplicateProvider } from './providers/replicate/replicateProvider.ts';
export { webhookHandler } from './providers/replicate/webhookHandler.ts';
export { createWebhookReceiver } from './providers/replicate/webhookReceiver.ts';
export { fetchWebhookSecret } from './providers/replicate/webhookSecret.ts';
export { createRenderer } from './renditions/renderer.ts';
export { openS3 } from './sinks/destinations/s3.ts';
export { openWebDataset } from './sinks/destinations/webDataset.ts';
export { createCostTracker } from './sinks/report/tallies.ts';
export { inputFile } from './sources/modelInputs/inputFile.ts';
export { planJobs } from './sources/planning/planJobs.ts';
export { openPromptFile } from './sources/promptFiles/promptFile.ts';
export { jobsFromRows } from './sources/promptFiles/promptJobs.ts';
export { openJournal } from './store/journal/journal.ts';
export { createMemoryJournal } from './store/memoryJournal.ts';
export { createModelCache } from './store/modelCache.ts';
export { openResultCache } from './store/resultCache.ts';
export type {
  ClaimOwner,
  CreateLimits,
  CreateOptions,
  DownloadTarget,
  FailureStage,
  FetchedOutput,
  ImageFile,
  ImageToScore,
  InputFile,
  InputFiles,
  Job,
  JobRecord,
  JournalEntry,
  Json,
  KeptModel,
  LeaseRequest,
  ListLimits,
  MissingOutput,
  Model,
  ModelInput,
  ModelInputProperty,
  ModelSchema,
  NumberLimits,
  Outcome,
  OutcomeError,
  OutcomeFile,
  Plan,
  PlannedUploads,
  Prediction,
  PredictionEvent,
  PredictionMarks,
  PredictionPage,
  PredictionRequest,
  PredictionResult,
  PredictionStatus,
  PredictionTimes,
  PricedRequest,
  ProvenanceLevel,
  ProvenanceWriter,
  RenderedFile,
  RenditionCaption,
  RenditionFit,
  RenditionFormat,
  RenditionGravity,
  RenditionOverlay,
  RenditionPlace,
  RenditionSpec,
  ResultLease,
  SecretInputs,
  SpendingPeriod,
  Strategy,
  Tags,
  TextLimits,
  Transform,
  Transformed,
  UploadedFile,
} from './types.ts';
