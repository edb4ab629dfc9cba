import { shown } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import type { Destination } from '../../ports.ts';
import { openS3 } from '../../sinks/destinations/s3.ts';
import { parseS3Url } from '../../sinks/destinations/s3Address.ts';
import { openWebDataset } from '../../sinks/destinations/webDataset.ts';
import type { RunSettings } from '../run/settings.ts';

/** The places of a run's images besides its folder. */
export interface DestinationOptions {
  /**
   * Further destinations: `s3://bucket/prefix`, `webdataset`, or a function that opens one.
   * Default: none.
   */
  destinations?: readonly (string | ((folder: string) => Promise<Destination>))[];
  /** Samples in a shard of `webdataset`. Default 1,000. */
  shardSize?: number;
  /**
   * Delete images in the run folder once they are at all destinations; sidecars and thumbnails
   * stay. Default false.
   */
  deleteLocal?: boolean;
}

/** The options as their user writes them, for messages: `--shard-size`, `--to webdataset`. */
interface DestinationWords {
  readonly shardSize: string;
  readonly deleteLocal: string;
  readonly bucket: string;
  /** Any bucket, in backticks. */
  readonly anyBucket: string;
  readonly webDataset: string;
}

const inCode: DestinationWords = {
  shardSize: '`shardSize`',
  deleteLocal: '`deleteLocal`',
  bucket: "destinations: ['s3://BUCKET/PREFIX']",
  anyBucket: "`destinations: ['s3://…']`",
  webDataset: "destinations: ['webdataset']",
};

const isBucket = (name: unknown) => typeof name === 'string' && name !== 'webdataset';

/**
 * Returns functions that open the destinations. Throws `UsageError` if one is invalid or
 * contradicts another option.
 */
export function destinationSettings(
  { destinations = [], shardSize, deleteLocal = false }: DestinationOptions,
  words: DestinationWords = inCode,
): Pick<RunSettings, 'destinations' | 'deleteLocal'> {
  const given = [...new Set(destinations)];
  const isElsewhere = given.some((one) => typeof one === 'function' || isBucket(one));
  if (deleteLocal && !isElsewhere) {
    throw new UsageError(`${words.deleteLocal} needs ${words.anyBucket}: the images would be nowhere else.`, {
      suggestion: `Name a bucket with ${words.bucket}.`,
    });
  }
  if (shardSize !== undefined && !given.includes('webdataset')) {
    throw new UsageError(`${words.shardSize} works only with \`${words.webDataset}\`.`, {
      suggestion: `Add ${words.webDataset}, or remove ${words.shardSize.replaceAll('`', '')}.`,
    });
  }
  return { destinations: given.map((one) => openerOf(one, shardSize)), deleteLocal };
}

function openerOf(
  destination: string | ((folder: string) => Promise<Destination>),
  shardSize: number | undefined,
): (folder: string) => Promise<Destination> {
  if (typeof destination === 'function') return destination;
  if (destination === 'webdataset')
    return (folder) => openWebDataset(folder, shardSize === undefined ? {} : { samplesPerShard: shardSize });
  if (typeof destination !== 'string' || !destination.startsWith('s3:')) {
    throw new UsageError(
      `Expected each of \`destinations\` to be s3://BUCKET/PREFIX, webdataset or a function, got ${shown(destination)}`,
    );
  }
  parseS3Url(destination);
  return (folder) => openS3(destination, folder);
}
