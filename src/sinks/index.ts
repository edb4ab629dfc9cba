export { toStorageError } from '../toStorageError.ts';
export { type CampaignReport, campaignReport } from './campaignReport.ts';
export type { SheetCell } from './contactSheet/SheetCell.ts';
export { sheetCells } from './contactSheet/sheetCells.ts';
export { writeContactSheet } from './contactSheet/writeContactSheet.ts';
export type { DurationSummary } from './createDistribution.ts';
export { createRenderer, type RendererConfig } from './createRenderer.ts';
export { createReport, type ReportBuilder, type ReportConfig } from './createReport.ts';
export { openS3, type S3Config } from './destinations/openS3.ts';
export { openWebDataset, type WebDatasetConfig } from './destinations/openWebDataset.ts';
export { type GalleryConfig, writeGallery } from './gallery/writeGallery.ts';
export { type Manifest, openManifest } from './openManifest.ts';
export { openThumbnails, type Thumbnails } from './openThumbnails.ts';
export { outcomeSchema } from './outcomeSchema.ts';
export type { ErrorCount, ModelCost, Report, ReportedRun, SlowImage } from './Report.ts';
export { writeLineage } from './refinement/lineage/writeLineage.ts';
export type {
  RefinementCandidate,
  RefinementEnd,
  RefinementHistory,
  RefinementRound,
} from './refinement/RefinementHistory.ts';
export { readRefinementHistory } from './refinement/readRefinementHistory.ts';
export { removeTemporaries } from './removeTemporaries.ts';
export { writeAtomically } from './writeAtomically.ts';
export { writeCampaignReport } from './writeCampaignReport.ts';
export { writeReport } from './writeReport.ts';
export { writeSidecar } from './writeSidecar.ts';
export { type TableFormat, writeTable } from './writeTable.ts';
