// Bundles the gallery's page into one TypeScript file of the library, so that it works from its
// source and from dist: `npm run build:gallery`. A test fails if that file is out of date.
import { readFile, writeFile } from 'node:fs/promises';
import { buildGallery } from './buildGallery.ts';

const path = 'src/sinks/gallery/galleryAssets.ts';
const text = await buildGallery();
if (text !== (await readFile(path, 'utf8').catch(() => ''))) await writeFile(path, text);
