export type { FreeSpace } from '../disk/freeSpace.ts';
export type { ProviderAnswers } from '../ports.ts';
export type { RunInput } from '../store/runFile.ts';
export type { ScoringModel } from '../types.ts';
export { type CompareModelsOptions, compareModels } from './front/compareModels.ts';
export type { DestinationOptions } from './front/destinations.ts';
export { collect, type FolderOptions, type RetryOptions, retryFailed } from './front/folderRuns.ts';
export { images } from './front/images.ts';
export type { ImagesRun, PlannedRun } from './front/imagesRun.ts';
export type {
  BatchOptions,
  CourseOptions,
  FileOptions,
  ImagesOptions,
  MoneyOptions,
  RequestOptions,
  RunOptions,
  ServiceOptions,
  SharedOptions,
  WorkflowOptions,
} from './front/options.ts';
export type { PromptRow, Prompts, PromptsOfFile } from './front/prompts.ts';
export { type RefineImagesOptions, refineImages } from './front/refineImages.ts';
export type { RunPlan } from './front/runPlan.ts';
export type { ScoreOption } from './front/score.ts';
export { createSession, type Session, type SessionConfig } from './front/session.ts';
export { campaign, compose, grid, styles, variations } from './front/workflows.ts';
export { generate } from './generate.ts';
export { generateStream } from './generateStream.ts';
export type { TimedOutPrediction } from './journey/attempt/timedOut.ts';
export type {
  Clock,
  Control,
  GenerateConfig,
  Hooks,
  Limits,
  Outputs,
  Recovery,
  Services,
} from './journey/config.ts';
export type { ImageRater, Rating, RatingSettings } from './journey/rating.ts';
export type { RunPorts } from './journey/run.ts';
export { createModelScorer, type ModelScorerConfig } from './rating/modelScorer.ts';
export { firstNumber } from './rating/scoringModel.ts';
export type { FinishedRun, RunEnd } from './run/closing/results.ts';
export { openRun } from './run/openRun.ts';
export type { PlanSource } from './run/recoveryRounds.ts';
export type {
  InputSettings,
  OpenFolder,
  OpenRun,
  ResultSettings,
  RunSettings,
  ServiceSettings,
  SharedService,
} from './run/settings.ts';
export { type RunToFolderConfig, runToFolder } from './runToFolder.ts';
export { runCampaign } from './workflows/campaign/campaign.ts';
export { runCollect } from './workflows/collect.ts';
export { runComparison } from './workflows/compare.ts';
export { runCompositions } from './workflows/compose.ts';
export { runGrid } from './workflows/grid/grid.ts';
export {
  type PrunableFile,
  type PruneFolderConfig,
  prunableKinds,
  pruneFolder,
} from './workflows/pruneFolder.ts';
export { type RefinementSettings, runRefinement } from './workflows/refinement/refinement.ts';
export { type RenderSavedSettings, renderSaved } from './workflows/renderSaved.ts';
export { runRetry } from './workflows/retryFailed.ts';
export { runStyles } from './workflows/styles.ts';
export { runVariations } from './workflows/variations.ts';
