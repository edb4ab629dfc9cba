// All commands in one: `npx tsx pipelines/rxposure.ts` lists them.
import '../src/cli/bin/rxposure.ts';
