export { campaign } from './campaign.ts';
export { collect } from './collect.ts';
export type { GenerateConfig, ProviderAnswers } from './GenerateConfig.ts';
export { generate } from './generate.ts';
export { grid } from './grid.ts';
export { type OpenRun, openRun, type RunSettings } from './openRun.ts';
export { type RefinementSettings, refinement } from './refinement.ts';
export { type FinishedRun, type RunEnd, runToFolder } from './runToFolder.ts';
export type { PlanSource } from './unfinishedPlans.ts';
