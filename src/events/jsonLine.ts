/** A value as one line of JSON; every text in it passes through `redact`. */
export function jsonLine(value: unknown, redact: (text: string) => string = (text) => text): string {
  const json = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? redact(part) : part,
  );
  return `${json}\n`;
}
