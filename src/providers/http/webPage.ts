/** Words of pages by which web filters, firewalls and networks with a login refuse. */
const BLOCKED =
  /\bblock|\bpolic(?:y|ies)\b|categor|filter|firewall|captive|\bportal\b|access (?:is )?denied|not allowed|restricted|log ?in\b|sign ?in\b/i;

const LONGEST_TITLE = 100;
/** Enough of a page to know it. */
const HEAD_CHARS = 20_000;

/** A web page in place of a response of the service. */
export interface WebPage {
  /** Its title or first words; may be empty. */
  readonly title: string;
  /** True if it seems to be of a web filter, a firewall, or the login of a network. */
  readonly isBlock: boolean;
}

/** Reads a body as a web page; null if it is none. */
export function readWebPage(text: string): WebPage | null {
  const head = text.slice(0, HEAD_CHARS).trimStart();
  if (!/^<(?:!doctype html|html|head|body|!--)/i.test(head)) return null;
  const [, named = ''] = /<title[^<>]*>([^<]*)/i.exec(head) ?? [];
  const words = head.replace(/<(?:script|style)\b[^<]*/gi, ' ').replace(/<[^<>]*>/g, ' ');
  return { title: oneLine(named === '' ? words : named), isBlock: BLOCKED.test(words) };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, LONGEST_TITLE);
}

/** Returns the words for a page, which complete "got …". */
export function pageMeaning({ title }: WebPage): string {
  return `a web page${title === '' ? '' : `, “${title}”,`} and not a response of the service`;
}

/** Advice for a page of something between this machine and the service. */
export const pageSuggestion =
  'Something on the way responded, not the service: a web filter, a firewall, a proxy, or the login page of a network. Open the address in a browser of this machine, or ask your network; then run the same command again.';
