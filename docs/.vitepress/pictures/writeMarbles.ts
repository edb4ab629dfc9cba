// Draws the marble pictures of the operators' pages: `npm run docs:marbles`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { marblesFolder, operatorPictures } from './operatorPictures.ts';

mkdirSync(join('docs', marblesFolder), { recursive: true });
for (const [path, svg] of operatorPictures()) writeFileSync(join('docs', path), svg);
