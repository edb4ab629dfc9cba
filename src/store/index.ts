export type { JournalCounts, RunJournal, RunSession, StoredJob, StoredRecord } from './entries.ts';
export type { FileMove, JobMatching, MatchedJob } from './journal/jobMatching.ts';
export type { JobChecks, JobSums, JobTable } from './journal/jobTable.ts';
export { type FolderJournal, type OpenJournalConfig, openJournal, type SavedJob } from './journal/journal.ts';
export type { FolderConditions, JournalInput, MovePhase, RunTable } from './journal/runTable.ts';
export { createMemoryJournal } from './memoryJournal.ts';
export { createModelCache, type ModelCacheConfig } from './modelCache.ts';
export { openResultCache, type ResultCacheConfig } from './resultCache.ts';
export { type RunFile, type RunInput, readRunFile, type StoredInput } from './runFile.ts';
