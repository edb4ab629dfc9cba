// Makes candidates from a prompt and refines the best, round by round.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('refine');
