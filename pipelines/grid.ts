// Makes an image of each combination of values: words of the prompt, model inputs, models.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('grid');
