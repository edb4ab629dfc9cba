import { UsageError } from '../errors.ts';
import type { RunSettings } from '../pipelines/openRun.ts';
import { openS3 } from '../sinks/destinations/openS3.ts';
import { openWebDataset } from '../sinks/destinations/openWebDataset.ts';
import { parseS3Url } from '../sinks/destinations/parseS3Url.ts';
import type { Flags } from './Flags.ts';

/** How to open the places that `--to` names. Throws `UsageError` where one is none, or where they do not go with the other flags. */
export function destinationsOf({
  destinations,
  shardSize,
  deleteLocal,
}: Pick<Flags, 'destinations' | 'shardSize' | 'deleteLocal'>): Pick<
  RunSettings,
  'destinations' | 'deleteLocal'
> {
  const places = [...new Set(destinations)];
  if (deleteLocal && !places.some((place) => place !== 'webdataset')) {
    throw new UsageError('Expected `--delete-local` with `--to s3://…`, got nowhere else to keep pictures', {
      suggestion: 'Name a bucket with --to s3://BUCKET/PREFIX.',
    });
  }
  if (shardSize !== null && !places.includes('webdataset')) {
    throw new UsageError('Expected `--shard-size` with `--to webdataset`, got it alone', {
      suggestion: 'Add --to webdataset or leave it out.',
    });
  }
  for (const place of places) if (place !== 'webdataset') parseS3Url(place);
  return {
    destinations: places.map(
      (place) => (folder: string) =>
        place === 'webdataset'
          ? openWebDataset(folder, shardSize === null ? {} : { samplesPerShard: shardSize })
          : openS3(place, folder),
    ),
    deleteLocal,
  };
}
