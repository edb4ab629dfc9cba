// Shows the state of the runs of several machines, and which of them are stuck.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('status');
