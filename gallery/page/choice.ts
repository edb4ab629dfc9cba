import { el } from './el.ts';

/** A list to choose from, and its field with the label. */
export interface Choice {
  readonly input: HTMLSelectElement;
  readonly field: HTMLElement;
}

/** Number of fields so far: ids are numbers, because two tags can have the same label. */
let choices = 0;

/** Creates a list to choose from. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  onchange: () => void,
): Choice {
  choices += 1;
  const id = `choice-${choices}`;
  const input = el(
    'select',
    { id, onchange },
    ...options.map(([value, text]) => el('option', { value }, text)),
  );
  return { input, field: el('div', { class: 'field' }, el('label', { for: id }, label), input) };
}
