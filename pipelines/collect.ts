// Collects the predictions of detached runs, as finished images on disk.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('collect');
