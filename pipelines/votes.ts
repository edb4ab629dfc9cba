// Counts the votes cast in the ab.html of a comparison.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('votes');
