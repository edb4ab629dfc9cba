// Receives the service's webhooks for all workers of a queue.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('hooks');
