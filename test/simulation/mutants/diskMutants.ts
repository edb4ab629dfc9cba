import type { Mutant } from './mutants.ts';

/** A call of Node's `writeFile` in place of one that flushes. */
const unflushed = (how: string, words: string) =>
  `void writeFlushed; ${how} import('node:fs/promises').then(({ writeFile }) => writeFile(${words}, { flag: 'wx' }));`;

/** Flushes and orders of writes taken away: found by a world, or by a state after a power cut. */
export const diskMutants: Readonly<Record<string, Mutant>> = {
  'log-before-commit': {
    bug: 'The log got lines before their transaction was committed: a torn one made the folder unusable.',
    file: 'store/journal/journal.ts',
    from: 'run.setLogSeq(log.reserve()),\n    afterCommit: () => {\n      log.hold();\n      saved.keep();\n    },\n    afterFlush: log.write,',
    to: '{ const seq = log.reserve(); log.hold(); log.write(); run.setLogSeq(seq); },\n    afterCommit: () => {},',
    seed: 299,
    crashes: 30,
  },
  'stale-line': {
    bug: 'A saved job whose line in the manifest a power cut had taken stayed listed as it had failed before.',
    file: 'sinks/manifest/manifest.ts',
    from: 'return opened.saved;',
    to: 'return { has: (at: number) => opened.index.get(at) !== undefined, values: () => opened.saved.values() };',
    seed: 40_008_391,
    crashes: 100,
  },
  'uncounted-end': {
    bug: 'The database did not count the last line of the log: a torn one made the folder unusable.',
    file: 'store/journal/journal.ts',
    from: 'run.countEnd(log.lastSeq + 1)',
    to: 'true',
    seed: 63,
    crashes: 50,
  },
  'unnamed-folder': {
    bug: 'The name of a new run folder was not flushed, and with it all of its journal lost.',
    file: 'disk/folders.ts',
    from: '  keepNamesIn(parent);\n}',
    to: '  void keepNamesIn;\n}',
    seed: 72,
  },
  'unflushed-download': {
    bug: 'A downloaded file was named before it was flushed.',
    file: 'providers/downloads/receivedFile.ts',
    from: 'return writeFlushed(path, content);',
    to: unflushed('return', 'path, content'),
    seed: 7,
  },
  'unflushed-thumbnail': {
    bug: 'A thumbnail was named before it was flushed, and never made again.',
    file: 'sinks/gallery/thumbnails.ts',
    from: 'await writeFlushed(temporary, data);',
    to: unflushed('await', 'temporary, data'),
    state: 10,
  },
  'unflushed-file': {
    bug: 'Renditions, sidecars and the manifest were named before they were flushed.',
    file: 'disk/writeFiles.ts',
    from: 'await fromCallback((done) => fsync(fd, done));',
    to: 'void fsync;',
    state: 1,
  },
  'relaxed-commit': {
    bug: 'Commits of the journal were not flushed.',
    file: 'store/journal/journalGuard.ts',
    from: 'flush: () => fromCallback((done) => fdatasync(log.fd, done)),',
    to: 'flush: async () => void [fromCallback, fdatasync],',
    seed: 72,
  },
};
