// Prompt files

// Campaigns
export type { CampaignSpec, CampaignVariation } from './CampaignSpec.ts';
export { campaignFiles } from './campaignFiles.ts';
export { campaignJobs } from './campaignJobs.ts';
// Jobs and plans
export { checkInput } from './checkInput.ts';
export { checkJobContext } from './checkJobContext.ts';
export { coerceInput } from './coerceInput.ts';
export { createOccurrences, type Occurrences } from './createOccurrences.ts';
export { type FallbackModel, type FallbackRequestsConfig, fallbackRequests } from './fallbackRequests.ts';
// Grids
export type { Grid, GridAxis, GridBox, GridValue, GrownGrid } from './Grid.ts';
export type { GridSpec } from './GridSpec.ts';
export { gridAxes } from './gridAxes.ts';
export { gridCells } from './gridCells.ts';
export { inputFile } from './inputFile.ts';
export { type InputFilesConfig, inputFiles } from './inputFiles.ts';
export type { JobContext } from './JobContext.ts';
export { jobsFromRows } from './jobsFromRows.ts';
export { nearestAspectRatio } from './nearestAspectRatio.ts';
export { openPromptFile } from './openPromptFile.ts';
export type { PromptFile } from './PromptFile.ts';
// Renditions
export { parseRendition } from './parseRendition.ts';
export { type PathOf, type PathTemplateConfig, pathTemplate } from './pathTemplate.ts';
export { type PlanJobsConfig, planJobs } from './planJobs.ts';
// Refinements
export type { RefinementSpec } from './RefinementSpec.ts';
export type { BadRow, Row, RowItem } from './Row.ts';
export { readCampaignSpec } from './readCampaignSpec.ts';
export { readGridSpec } from './readGridSpec.ts';
export { readRefinementSpec } from './readRefinementSpec.ts';
export { type RefinementContexts, type RefinementParent, refinementJobs } from './refinementJobs.ts';
export { renditionPresets } from './renditionPresets.ts';
export { requestKey } from './requestKey.ts';
export { safeSegment } from './safeSegment.ts';
export { slug } from './slug.ts';
export { spoolPrompts } from './spoolPrompts.ts';
export { type ValidatedRows, validateRows } from './validateRows.ts';
