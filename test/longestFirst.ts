import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take long although they are short: the processes that they start do most of the work.
 */
const LONG = [
  'scripts/scripts.test.ts',
  'disk/fullDisk.test.ts',
  'chaos/chaos.test.ts',
  'scripts/examples.test.ts',
  'pipelines/runToFolder.test.ts',
  'scripts/gridScripts.test.ts',
  'gallery/page.test.ts',
  'docs.test.ts',
  'package/tarball.test.ts',
];

/**
 * Begins with them: one that is begun last has a worker to itself while the other has nothing to
 * do.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}`));
      return place < 0 ? LONG.length : place;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
