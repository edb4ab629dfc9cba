import { cutToBytes } from './cutToBytes.ts';

export const maxSegmentBytes = 80;

/**
 * A text as one folder or file name that is good on Linux, macOS and Windows: no separators, control or reserved
 * characters, no name that Windows keeps for devices, at most 80 bytes. Never empty, never `.` or `..`.
 *
 * Points survive between digits only (`flux-1.1`), so that no name has, or is cut down to, an extension; `--` does not
 * survive, as it sets off what a run appends to a job's name.
 */
export function safeSegment(text: string, maxBytes = maxSegmentBytes): string {
  const name = text
    .normalize('NFC')
    .replace(/\p{C}/gu, ' ')
    .replace(/[<>:"/\\|?*]/g, '-')
    .replace(/(?<!\d)\.|\.(?!\d)/g, '_')
    .replace(/[\s\p{Z}]+/gu, ' ')
    .replace(/-{2,}/g, '-');
  const cut = cutToBytes(name.trim(), maxBytes).replace(/[\s.]+$/, '');
  if (cut === '') return 'none';
  return isDevice(cut) ? `${cutToBytes(cut, maxBytes - 1)}_` : cut;
}

/** Windows keeps these names, whatever follows a point. */
function isDevice(name: string): boolean {
  return /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i.test(name);
}
