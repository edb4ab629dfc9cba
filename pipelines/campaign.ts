// Makes the images of a campaign spec: every variation for every platform.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('campaign');
