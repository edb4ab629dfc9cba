import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';

/** Where Linux distributions put it. */
const LIBRARY = '/usr/{lib,lib64,local/lib}/{,*/}faketime/libfaketimeMT.so.1';

/**
 * Returns the variables with which a process sees a time of day that is so many seconds ahead. Its
 * monotonic clock and the times of files stay true, as on a machine whose clock is set wrongly.
 */
export function clockAhead(seconds: number): Record<string, string> {
  if (seconds === 0) return {};
  return {
    LD_PRELOAD: globSync(LIBRARY)[0] ?? '',
    FAKETIME: `${seconds > 0 ? '+' : ''}${seconds}`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    FAKETIME_NO_CACHE: '1',
    NO_FAKE_STAT: '1',
  };
}

/** Returns why no clock can be set ahead here; null if a process has been seen with one. */
export function whyNoSkew(): string | null {
  if (globSync(LIBRARY).length === 0) return 'libfaketime is not installed (apt-get install faketime)';
  const env = { ...process.env, ...clockAhead(3_600) };
  const seen = execFileSync(process.execPath, ['-p', 'Date.now()'], { env, encoding: 'utf8' });
  const aheadS = (Number(seen) - Date.now()) / 1_000;
  return Math.abs(aheadS - 3_600) < 10 ? null : `libfaketime sets a clock ahead by ${aheadS} s, not by 3600`;
}
