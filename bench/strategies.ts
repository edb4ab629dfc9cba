// Prints the table of docs/strategies.md, from virtual time: `npm run bench:strategies`. Some
// seconds; identical on every machine.
import { compareStrategies } from './compareStrategies.ts';
import { strategiesTable } from './strategiesTable.ts';

console.log(strategiesTable(await compareStrategies()).join('\n'));
