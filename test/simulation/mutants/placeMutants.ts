import type { Mutant } from './mutants.ts';

/** Bugs of the cache that runs share, and of destinations and renditions. */
export const placeMutants: Readonly<Record<string, Mutant>> = {
  'cache-unread': {
    bug: 'A result that the cache had was made again.',
    file: 'pipelines/journey/reuseOrMake.ts',
    from: 'find: (key) => (mayBePaid ? of(null) : restore(key, job, run)),',
    to: 'find: (key) => (key === null ? restore(key, job, run) : of(null)),',
    seed: 506,
  },
  undelivered: {
    bug: 'Pictures counted as saved before they were at their destination.',
    file: 'sinks/destinations/folder.ts',
    from: 'paths.push(await copyWhole(source, insideFolder(to, path), () => false));',
    to: 'paths.push(insideFolder(to, path));',
    seed: 73,
  },
  'not-delivered-later': {
    bug: 'Pictures of earlier runs did not get to a destination that was added later.',
    file: 'pipelines/runToEnd.ts',
    from: '      earlier,\n',
    to: '      EMPTY,\n',
    seed: 12510,
  },
  'not-rendered-later': {
    bug: 'Pictures of earlier runs did not get renditions that were added later.',
    file: 'pipelines/runToFolder.ts',
    from: 'const added = concat(entered, rateEarlier, renderEarlier(toRender, plans, run));',
    to: 'void renderEarlier;\n        const added = concat(entered, rateEarlier);',
    seed: 2506,
  },
};
