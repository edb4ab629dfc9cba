// Runs several commands in one process, as `rxposure` does: reads a JSON list of their words, and
// prints a JSON list of their outputs and exit codes.
import { dispatch } from '../../src/cli/bin/dispatch.ts';

const commands: string[][] = JSON.parse(process.argv[2] ?? '[]');
const ended: { code: number; stdout: string; stderr: string }[] = [];
const { stdout, stderr } = process;
const writeOut = stdout.write.bind(stdout);
process.setMaxListeners(0);
stdout.setMaxListeners(0);
stderr.setMaxListeners(0);
for (const words of commands) {
  const written = { stdout: '', stderr: '' };
  stdout.write = (text: string | Uint8Array) => {
    written.stdout += String(text);
    return true;
  };
  stderr.write = (text: string | Uint8Array) => {
    written.stderr += String(text);
    return true;
  };
  process.exitCode = 0;
  await dispatch(words);
  ended.push({ code: Number(process.exitCode), ...written });
}
process.exitCode = 0;
writeOut(JSON.stringify(ended));
