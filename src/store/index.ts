export { createMemoryJournal } from './createMemoryJournal.ts';
export { createModelCache, type ModelCacheConfig } from './createModelCache.ts';
export { type OpenJournalConfig, openJournal } from './openJournal.ts';
export { openResultCache } from './openResultCache.ts';
export type { JournalCounts, RunJournal } from './RunJournal.ts';
