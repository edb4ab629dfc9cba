export type { DecodingNotes } from '../images/decodingNotes.ts';
export { createRenderer, type Preview, type RendererConfig } from '../renditions/renderer.ts';
export {
  type ComparedModel,
  type ComparedTimes,
  type Comparison,
  compareOutcomes,
} from './comparison/comparison.ts';
export { type ComparisonAxes, writeComparisonGrid } from './comparison/comparisonGrid.ts';
export { type ContactSheetConfig, sheetCells, writeContactSheet } from './contactSheet/contactSheet.ts';
export type { SheetCell } from './contactSheet/page.ts';
export { openFolder } from './destinations/folder.ts';
export { openS3 } from './destinations/s3.ts';
export type { S3Config } from './destinations/s3Config.ts';
export { openWebDataset, type WebDatasetConfig } from './destinations/webDataset.ts';
export { type GalleryConfig, writeGallery } from './gallery/galleryPage.ts';
export { openThumbnails, type Thumbnails, type ThumbnailsConfig } from './gallery/thumbnails.ts';
export { type Manifest, manifestOutcomes, openManifest } from './manifest/manifest.ts';
export { outcomeSchema } from './manifest/readOutcomes.ts';
export { writeSidecar } from './manifest/sidecar.ts';
export { type TableFormat, writeTable } from './manifest/tables.ts';
export { type CopyPicksConfig, copyPicks } from './picks/copyPicks.ts';
export type { PickedFileKind } from './picks/picks.ts';
export { type PickedImage, readPicks } from './picks/readPicks.ts';
export {
  type BestCopy,
  type RefinementCandidate,
  type RefinementEnd,
  type RefinementHistory,
  type RefinementRound,
  readRefinementHistory,
} from './refinement/history.ts';
export { type LineageConfig, writeLineage } from './refinement/lineage.ts';
export type { ModelCost, ReportedCosts, Surplus, UnusedCost } from './report/money.ts';
export {
  createReport,
  type ErrorCount,
  type Report,
  type ReportBuilder,
  type ReportConfig,
  type ReportExtras,
  type ReportedFailures,
  type ReportedJobs,
  type ReportedRun,
  type ReportedTimes,
  writeReport,
} from './report/report.ts';
export {
  type CostTracker,
  createCostTracker,
  type FailuresByStage,
  type ModelTotals,
} from './report/tallies.ts';
export type { DurationSummary, SlowImage } from './report/times.ts';
export { toDestination } from './stages/toDestination.ts';
export { toFolder } from './stages/toFolder.ts';
export { toGallery } from './stages/toGallery.ts';
export { type TimedSinkConfig, toManifest } from './stages/toManifest.ts';
export { type ToOutcomeConfig, toOutcome } from './stages/toOutcome.ts';
export { type ToReportConfig, toReport } from './stages/toReport.ts';
export { toS3 } from './stages/toS3.ts';
export { toSidecars } from './stages/toSidecars.ts';
export { type Sink, type ToSinkConfig, toSink } from './stages/toSink.ts';
export { toWebDataset } from './stages/toWebDataset.ts';
