import { jsonLine } from '../events/jsonLine.ts';
import { createPaint } from './createPaint.ts';
import type { Flags } from './Flags.ts';
import { plainText } from './plainText.ts';
import { readEnvironment } from './readEnvironment.ts';
import { redact } from './redact.ts';
import type { ScriptIo } from './ScriptIo.ts';

/** Says what the user should know before a run begins; during one, its reporter does. */
export type Warn = (message: string) => void;

/** Warnings as the flags want them: an event under `--json`, nothing under `--quiet`, else a line for people. */
export function createWarn({ json, quiet }: Pick<Flags, 'json' | 'quiet'>, io: ScriptIo): Warn {
  const { token, noColor } = readEnvironment(io.env);
  const clean = (text: string): string => redact(text, token);
  const paint = createPaint(io.stderr.isTTY === true && !noColor);
  return (message) => {
    if (json) io.stdout.write(jsonLine({ type: 'warning', message }, clean));
    else if (!quiet) io.stderr.write(`${paint('yellow', 'warning')} ${clean(plainText(message))}\n`);
  };
}
