import { el } from '../page/el.ts';
import { copyText } from './copyText.ts';

/** Creates a button that copies a text, and confirms it. */
export function copyButton(label: string, text: () => string, className = ''): HTMLButtonElement {
  const button = el(
    'button',
    {
      type: 'button',
      class: className,
      onclick: async () => {
        button.textContent = (await copyText(text())) ? 'Copied' : 'The browser refused';
        setTimeout(() => {
          button.textContent = label;
        }, 1_500);
      },
    },
    label,
  );
  return button;
}
