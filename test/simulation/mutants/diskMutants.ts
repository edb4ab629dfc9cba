import type { Mutant } from './mutants.ts';

/** Flushes and orders of writes taken away: `npm run powercut` finds them, at a state of its own. */
export const diskMutants: Readonly<Record<string, Mutant>> = {
  'uncounted-end': {
    bug: 'The database did not count the last line of the log: a torn one made the folder unusable.',
    file: 'store/journal/journal.ts',
    from: 'run.countEnd(log.lastSeq + 1)',
    to: 'true',
    seed: 1,
  },
  'unflushed-journal': {
    bug: 'Entries of the journal were confirmed before its write-ahead log was flushed.',
    file: 'store/journal/journalGuard.ts',
    from: 'flush: () => promisify(fdatasync)(log.fd),',
    to: 'flush: async () => void [promisify, fdatasync],',
    state: 5,
  },
  'unnamed-folder': {
    bug: 'The name of a new run folder was not flushed, and with it all of its journal lost.',
    file: 'disk/folders.ts',
    from: '  keepNamesIn(parent);\n}',
    to: '  void keepNamesIn;\n}',
    seed: 72,
  },
  'unflushed-thumbnail': {
    bug: 'A thumbnail was named before it was flushed, and never made again.',
    file: 'sinks/gallery/thumbnails.ts',
    from: "{ flag: 'wx', flush: true }",
    to: "{ flag: 'wx', flush: false }",
    state: 10,
  },
  'unflushed-file': {
    bug: 'Renditions, sidecars and the manifest were named before they were flushed.',
    file: 'disk/writeFiles.ts',
    from: '      await handle.sync();\n',
    to: '',
    state: 1,
  },
};
