import { el } from './el.ts';

/** Returns a text that may break after `/`, `_` and `-`, where a long name would overflow. */
export function breakable(text: string): (Node | string)[] {
  if (text === '') return ['–'];
  return text.split(/(?<=[/_-])/).flatMap((part, index) => (index === 0 ? [part] : [el('wbr'), part]));
}
