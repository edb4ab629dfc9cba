import { resolve } from 'node:path';
import { build } from 'esbuild';

/** The text of `src/sinks/gallery/galleryAssets.ts`: the page's script and style as two constants. */
export async function buildGallery(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [resolve('gallery/main.ts'), resolve('gallery/style.css')],
    bundle: true,
    write: false,
    outdir: 'out',
    format: 'iife',
    target: 'es2022',
    charset: 'ascii',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    lineLimit: 120,
  });
  const [script = '', style = ''] = ['main.js', 'style.css'].map(
    (name) => outputFiles.find(({ path }) => path.endsWith(name))?.text,
  );
  if (/<\/(script|style)|<!--/i.test(script + style))
    throw new Error('Expected nothing that ends a script element.');
  return `// Made by \`npm run build:gallery\` from gallery/; not to be edited.
${constantOf('galleryScript', script)}
${constantOf('galleryStyle', style)}`;
}

/** A line of the text is a line of the file, so that changes can be read. */
function constantOf(name: string, text: string): string {
  const lines = text.trimEnd().split('\n');
  return `export const ${name} = [\n${lines.map((line) => `  ${JSON.stringify(line)},\n`).join('')}].join('\\n');\n`;
}
