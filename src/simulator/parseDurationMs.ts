/** `30`, `30s`, `5m`, `1h30m45s` in ms; null where it is none of these. */
export function parseDurationMs(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (parts === null || text === '') return null;
  const [hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}
