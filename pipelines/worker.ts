// Makes the images of runs with --queue on this machine, beside other machines.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('worker');
