// Makes the same prompts in the styles of several reference pictures, side by side.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('styles');
