// A sink of your own: a row in SQLite for each file, once it is saved. Had it failed, the run would
// have rejected at its end, with the images saved.
import { DatabaseSync } from 'node:sqlite';
import { images } from 'rxposure';
import { toSink } from 'rxposure/sinks';

const toDatabase = toSink('database', async () => {
  const database = new DatabaseSync('images.sqlite');
  database.exec('CREATE TABLE IF NOT EXISTS images (path TEXT PRIMARY KEY, prompt TEXT, usd REAL)');
  const insert = database.prepare('INSERT OR REPLACE INTO images VALUES (?, ?, ?)');
  return {
    add: async (outcome) => {
      for (const { path } of outcome.files) insert.run(path, outcome.prompt, outcome.costUsd);
      return outcome;
    },
    close: async () => database.close(),
  };
});

const options = { model: 'black-forest-labs/flux-schnell', to: 'out/rows', sinks: [toDatabase] };
await images(['a red fox', 'an owl'], options);
