// Makes finished images on disk from a prompt file.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('generate');
