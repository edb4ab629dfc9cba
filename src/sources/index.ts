export type { Occurrences } from '../base/items/occurrences.ts';
export type { Snapshot } from '../disk/snapshot.ts';
export { campaignFiles, campaignJobs } from '../pipelines/workflows/campaign/jobs.ts';
export {
  type CampaignFields,
  type CampaignSpec,
  type CampaignVariation,
  type PlatformFields,
  readCampaignSpec,
} from '../pipelines/workflows/campaign/spec.ts';
export {
  type CompareFields,
  type CompareSpec,
  type ModelFields,
  type NamedModel,
  readCompareSpec,
} from '../pipelines/workflows/compare.ts';
export {
  type CompositionFields,
  type CompositionPicture,
  type CompositionSpec,
  type PictureFields,
  readCompositionSpec,
} from '../pipelines/workflows/compose.ts';
export {
  type GridLists,
  gridAxes,
  type NamedValue,
  type VaryingFields,
} from '../pipelines/workflows/grid/axes.ts';
export {
  type Grid,
  type GridAxis,
  type GridCell,
  type GridSize,
  type GridValue,
  gridCells,
  type ResumedGrid,
} from '../pipelines/workflows/grid/cells.ts';
export {
  type AxisValue,
  type GridFields,
  type GridSpec,
  readGridSpec,
} from '../pipelines/workflows/grid/spec.ts';
export {
  type RefinementContexts,
  type RefinementParent,
  refinementJobs,
} from '../pipelines/workflows/refinement/jobs.ts';
export type {
  MeasureFields,
  RatingModelFields,
  ScoreFields,
} from '../pipelines/workflows/refinement/score.ts';
export {
  type ReadRefinementConfig,
  type RefinementFields,
  type RefinementSizes,
  type RefinementSpec,
  readRefinementSpec,
} from '../pipelines/workflows/refinement/spec.ts';
export { readStylesSpec, type StylesFields, type StylesSpec } from '../pipelines/workflows/styles.ts';
export {
  type PictureVariation,
  readVariationsSpec,
  type VariationsFields,
  type VariationsSpec,
} from '../pipelines/workflows/variations.ts';
export type { RenditionFields } from '../renditions/fields.ts';
export { parseRendition } from '../renditions/notation.ts';
export { renditionPresets } from '../renditions/presets.ts';
export { coerceInput } from './modelInputs/adaptInput.ts';
export type { AllowFilesConfig } from './modelInputs/allowedFiles.ts';
export { checkInput } from './modelInputs/checkInput.ts';
export { inputFile } from './modelInputs/inputFile.ts';
export { type InputFilesConfig, inputFiles } from './modelInputs/inputFiles.ts';
export { nearestAspectRatio } from './modelInputs/nearestChoice.ts';
export {
  type FallbackModel,
  type FallbackRequestsConfig,
  fallbackRequests,
  type NewSeed,
} from './planning/fallbackRequests.ts';
export { safeSegment, slug } from './planning/fileNames.ts';
export {
  checkJobContext,
  createJobContext,
  type JobContext,
  type JobContextConfig,
} from './planning/jobContext.ts';
export type { JobTemplateConfig } from './planning/jobTemplate.ts';
export { type PathOf, type PathTemplateConfig, pathTemplate } from './planning/pathTemplate.ts';
export { type JobDraft, type PlanJobsConfig, planJobs, type ResultKeysConfig } from './planning/planJobs.ts';
export { fingerprintOf, requestKey } from './planning/requestKey.ts';
export { openPromptFile, type PromptFile } from './promptFiles/promptFile.ts';
export { jobsFromRows, type ValidatedRows, validateRows } from './promptFiles/promptJobs.ts';
export type { BadRow, Row, RowItem } from './promptFiles/rows.ts';
export type { BatchSpec, ModelWish, PromptFields, SpecFields } from './specs/batchSpec.ts';
export type { SpecFilesConfig } from './specs/readSpec.ts';
