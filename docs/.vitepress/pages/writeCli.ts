// Writes the tables of docs/cli.md from the code: `npm run docs:cli`.
import { readFileSync, writeFileSync } from 'node:fs';
import { withGeneratedParts } from './cliPage.ts';

writeFileSync('docs/cli.md', withGeneratedParts(readFileSync('docs/cli.md', 'utf8')));
