import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { StoredJob } from '../entries.ts';
import { jobStates, predictionRequestSchema } from '../schemas.ts';

/** The first line: `seq` is the last line that the jobs right after it already contain. */
const headerSchema = z.object({ seq: z.int(), log: z.string(), schema: z.int() });

/** A job as an entry has left it. A job that the log knows already has no `key` and no `index`. */
const jobSchema = z.object({
  seq: z.int(),
  id: z.int(),
  key: z.string().exactOptional(),
  index: z.int().nullable().exactOptional(),
  state: z.enum(jobStates),
  attempts: z.int(),
  intendedAtMs: z.number().nullable(),
  cancelAfterMs: z.number().exactOptional(),
  predictionId: z.string().nullable(),
  request: predictionRequestSchema.nullable(),
  costMicroUsd: z.int(),
  openMicroUsd: z.int(),
  paidMicroUsd: z.int(),
});

/** The index that a job has from now on; null if the input no longer asks for it. */
const placedSchema = z.object({ seq: z.int(), id: z.int(), index: z.int().nullable() });

/** The id of a prediction whose attempt has ended. */
const knownSchema = z.object({ seq: z.int(), known: z.string() });

/** The end of a run: size and CRC-32 of the database that it left. */
const closedSchema = z.object({ seq: z.int(), bytes: z.int(), crcOfDatabase: z.int() });

const lineSchema = z.union([jobSchema, placedSchema, knownSchema, closedSchema, headerSchema]);
export type LogLine = z.infer<typeof lineSchema>;
export type LoggedJob = z.infer<typeof jobSchema>;
export type LogHeader = z.infer<typeof headerSchema>;
export type LogEnd = z.infer<typeof closedSchema>;

/** Returns the line of a job. `isNew` is true if the log does not know it yet. */
export function jobLine(
  { id, index, record, openMicroUsd, paidMicroUsd }: StoredJob,
  seq: number,
  isNew: boolean,
): LoggedJob {
  const { key, state, attempts, intendedAtMs, cancelAfterMs = null, predictionId, request } = record;
  return {
    seq,
    id,
    ...(isNew ? { key, index } : {}),
    state,
    attempts,
    intendedAtMs,
    ...(cancelAfterMs === null ? {} : { cancelAfterMs }),
    predictionId,
    request: request as LoggedJob['request'],
    costMicroUsd: record.costMicroUsd,
    openMicroUsd,
    paidMicroUsd,
  };
}

/** Returns a line as text, with its checksum at the end. */
export function textOfLine(line: LogLine): string {
  const text = JSON.stringify(line);
  return `${text.slice(0, -1)},"crc":"${hex(crc32(text))}"}`;
}

const CRC_CHARS = ',"crc":"00000000"}'.length;

function hex(number: number): string {
  return number.toString(16).padStart(8, '0');
}

/** Reads a line; null if it does not fit its checksum. */
export function lineOfText(text: string): LogLine | null {
  const content = `${text.slice(0, -CRC_CHARS)}}`;
  if (text.length < CRC_CHARS || text.slice(-CRC_CHARS) !== `,"crc":"${hex(crc32(content))}"}`) return null;
  return lineSchema.safeParse(JSON.parse(content)).data ?? null;
}
