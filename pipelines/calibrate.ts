// Measures the time and the cost of a model with three runs, and recommends a concurrency.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('calibrate');
