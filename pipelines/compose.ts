// Makes an image of each product in front of each background.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('compose');
