import { el } from '../page/el.ts';
import { icon } from '../page/icon.ts';

/** Creates a button with an icon, and its name as label and tooltip. */
export function iconButton(
  name: Parameters<typeof icon>[0],
  label: string,
  onclick: () => void,
  className = '',
): HTMLButtonElement {
  return el(
    'button',
    { type: 'button', class: `bare ${className}`, 'aria-label': label, title: label, onclick },
    icon(name),
  );
}
