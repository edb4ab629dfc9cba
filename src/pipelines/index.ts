export type { FreeSpace } from '../disk/freeSpace.ts';
export type { ProviderAnswers } from '../ports.ts';
export type { RunInput } from '../store/runFile.ts';
export { images } from './front/images.ts';
export type { ImagesRun } from './front/imagesRun.ts';
export type {
  CourseOptions,
  FileOptions,
  ImagesOptions,
  MoneyOptions,
  RequestOptions,
  SharedOptions,
} from './front/options.ts';
export type { PromptRow, Prompts } from './front/prompts.ts';
export { createSession, type Session, type SessionConfig } from './front/session.ts';
export { generate } from './generate.ts';
export { generateStream } from './generateStream.ts';
export type {
  Clock,
  Control,
  GenerateConfig,
  Hooks,
  Limits,
  Outputs,
  Recovery,
  Services,
  TimedOutPrediction,
} from './journey/config.ts';
export { createModelScorer, type ModelScorerConfig } from './rating/modelScorer.ts';
export { firstNumber, type ScoringModel } from './rating/scoringModel.ts';
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
export { runToFolder } from './runToFolder.ts';
export { campaign } from './workflows/campaign/campaign.ts';
export { collect } from './workflows/collect.ts';
export { compareModels } from './workflows/compare.ts';
export { compose } from './workflows/compose.ts';
export { grid } from './workflows/grid/grid.ts';
export {
  type PrunableFile,
  type PruneFolderConfig,
  prunableKinds,
  pruneFolder,
} from './workflows/pruneFolder.ts';
export { type RefinementSettings, refinement } from './workflows/refinement/refinement.ts';
export { type RenderSavedSettings, renderSaved } from './workflows/renderSaved.ts';
export { retryFailed } from './workflows/retryFailed.ts';
export { styles } from './workflows/styles.ts';
export { variations } from './workflows/variations.ts';
