import type { Outcome } from '../../../src/types.ts';
import { realSharp } from '../disk/pictureLibrary.ts';
import type { World } from './runWorld.ts';

/**
 * Judges the files that a run writes beside its outputs: renditions that can be decoded, sidecars
 * of the right job, whole thumbnails, a whole gallery and contact sheet.
 */
export async function judgePictures(
  world: World,
  { folder, shows }: { readonly folder: string; readonly shows: boolean },
  outcomes: readonly Outcome[],
): Promise<string[]> {
  const { names } = world.machine.disk;
  const { renditions } = world.config.run;
  const problems: string[] = [];
  const contentOf = (path: string) => names.get(`${folder}/${path}`)?.data ?? Buffer.alloc(0);
  const expectPicture = async (path: string) => {
    try {
      await realSharp(contentOf(path), { failOn: 'warning' }).stats();
    } catch (error) {
      problems.push(`${path} cannot be decoded: ${error instanceof Error ? error.message : error}`);
    }
  };
  for (const { index, status, files, predictionId } of outcomes) {
    if (status !== 'saved') continue;
    const originals = files.filter(({ role }) => role === 'original');
    const made = files.filter(({ role }) => role === 'rendition');
    if (made.length !== renditions.length * originals.length)
      problems.push(`job ${index} has ${made.length} renditions`);
    for (const { path } of files) await expectPicture(path);
    for (const { path } of originals) {
      if (!world.config.run.sidecars) continue;
      const sidecar = JSON.parse(contentOf(path.replace(/\.\w+$/, '.json')).toString() || '{}');
      if (sidecar.predictionId !== predictionId)
        problems.push(`the sidecar of ${path} is not that of job ${index}`);
    }
  }
  if (!shows) return problems;
  for (const name of names.keys())
    if (name.startsWith(`${folder}/.thumbs/`)) await expectPicture(name.slice(folder.length + 1));
  await expectPicture('contact-sheet.jpg');
  if (!contentOf('gallery.html').toString().trimEnd().endsWith('</html>'))
    problems.push('gallery.html is not whole');
  return problems;
}
