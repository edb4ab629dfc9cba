// Serves Replicate's HTTP API on this machine: no account, no cost, its own images.
import { startScript } from '../src/cli/bin/startScript.ts';

await startScript('simulator');
