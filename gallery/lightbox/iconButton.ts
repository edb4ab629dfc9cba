import { el } from '../page/el.ts';
import { icon } from '../page/icon.ts';

/** A button that shows a drawing and has its name as label and hint. */
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
