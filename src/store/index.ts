export { createMemoryJournal } from './createMemoryJournal.ts';
export { type OpenJournalConfig, openJournal } from './openJournal.ts';
export type { JournalCounts, RunJournal } from './RunJournal.ts';
