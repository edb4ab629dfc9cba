const SHORTEST_MS = 5_000;

/** The `Cancel-After` header in ms (`30`, `30s`, `5m`, `1h30m45s`); null where there is none. */
export function readCancelAfter(header: string | string[] | undefined): number | null | 'wrong' {
  if (header === undefined) return null;
  const parts = /^(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(String(header));
  if (parts === null) return 'wrong';
  const [hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  return ms >= SHORTEST_MS ? ms : 'wrong';
}
