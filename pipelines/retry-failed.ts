// Makes the failed jobs of earlier runs, from their folder alone.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('retry');
