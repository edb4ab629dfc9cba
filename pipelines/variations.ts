// Makes variations of a reference picture.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('variations');
