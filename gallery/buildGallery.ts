import { resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Returns the text of `src/sinks/gallery/galleryAssets.ts`: scripts and styles of the pages as
 * constants.
 */
export async function buildGallery(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ['main.ts', 'style.css', 'vote/vote.ts', 'vote/vote.css'].map((name) =>
      resolve('gallery', name),
    ),
    bundle: true,
    write: false,
    outdir: 'out',
    outbase: 'gallery',
    format: 'iife',
    target: 'es2022',
    charset: 'ascii',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    lineLimit: 120,
  });
  const [script = '', style = '', voteScript = '', voteStyle = ''] = [
    'main.js',
    'style.css',
    'vote/vote.js',
    'vote/vote.css',
  ].map((name) => outputFiles.find(({ path }) => path.replaceAll('\\', '/').endsWith(`/${name}`))?.text);
  if (/<\/(script|style)|<!--/i.test(script + style + voteScript + voteStyle))
    throw new Error('The bundle contains a tag or comment that would end its script or style element.');
  return `// Made by \`npm run build:gallery\` from gallery/; not to be edited.
${constantOf('galleryScript', script)}
${constantOf('galleryStyle', style)}${constantOf('voteScript', voteScript)}${constantOf('voteStyle', voteStyle)}`;
}

/** Writes a text as a constant, a line each, so that diffs are readable. */
function constantOf(name: string, text: string): string {
  const lines = text.trimEnd().split('\n');
  return `export const ${name} = [\n${lines.map((line) => `  ${JSON.stringify(line)},\n`).join('')}].join('\\n');\n`;
}
