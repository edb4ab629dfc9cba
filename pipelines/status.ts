// Shows how the runs of several machines are, and what is stuck.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('status');
