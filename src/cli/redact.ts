/** Shorter ones are no secrets but stand-ins for a local server, and would blot out ordinary words. */
const SHORTEST_SECRET = 8;

/** Replaces the API token wherever it stands in a text, and anything else that looks like a token of Replicate's. */
export function redact(text: string, token: string | null): string {
  const withoutOurs =
    token !== null && token.length >= SHORTEST_SECRET ? text.replaceAll(token, '[token]') : text;
  return withoutOurs.replace(/\br8_\w{8,}/g, '[token]');
}
