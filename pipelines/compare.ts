// Compares several models on the same prompts: images side by side, times and cost.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('compare');
