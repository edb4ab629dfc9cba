import type { EmitEvent } from '../ports.ts';
import { jsonLine } from './jsonLine.ts';

export interface JsonLinesConfig {
  /** Takes secrets out of every text. Default: leaves texts as they are. */
  redact?: (text: string) => string;
}

/**
 * A listener that writes each event as one line of JSON, as `--json` does. Give it to `events.subscribe`, or to a run as
 * `emit`. A stream that is slower than the run holds lines in memory, not the run.
 */
export function toJsonLines(
  stream: { write(text: string): unknown },
  { redact }: JsonLinesConfig = {},
): EmitEvent {
  return (event) => {
    stream.write(jsonLine(event, redact));
  };
}
