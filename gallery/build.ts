// Bundles the gallery's page into one TypeScript file that the library has, whether it runs from its source or from dist:
// `npm run build:gallery`. A test tells when that file is no longer what this would write.
import { readFile, writeFile } from 'node:fs/promises';
import { buildGallery } from './buildGallery.ts';

const path = 'src/sinks/gallery/galleryAssets.ts';
const text = await buildGallery();
if (text !== (await readFile(path, 'utf8').catch(() => ''))) await writeFile(path, text);
