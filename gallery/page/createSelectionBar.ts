import type { Item } from '../data/Item.ts';
import { el } from './el.ts';

const MAX_ITEMS = 4;

export interface SelectionBar {
  readonly element: HTMLElement;
  /**
   * Selects or deselects an item; returns true if it is selected now. A fifth item replaces the
   * oldest.
   */
  toggle(item: Item): boolean;
  isSelected(item: Item): boolean;
}

/** Creates the bar of items selected for comparing, at most four. */
export function createSelectionBar(
  compare: (items: readonly Item[]) => void,
  /** Called with the items that are no longer selected. */
  onChange: (gone: readonly Item[]) => void,
): SelectionBar {
  let chosen: readonly Item[] = [];
  const count = el('span', { role: 'status' });
  const button = el(
    'button',
    { type: 'button', class: 'primary', onclick: () => compare(chosen) },
    'Compare',
  );
  const element = el(
    'div',
    { class: 'selection comparing', hidden: true },
    count,
    button,
    el('button', { type: 'button', onclick: () => set([]) }, 'Clear'),
  );
  const set = (items: readonly Item[]) => {
    const gone = chosen.filter((item) => !items.includes(item));
    chosen = items;
    element.hidden = chosen.length === 0;
    button.disabled = chosen.length < 2;
    count.textContent = chosen.length === 1 ? '1 chosen, choose another' : `${chosen.length} chosen`;
    onChange(gone);
  };
  return {
    element,
    toggle(item) {
      const rest = chosen.filter((other) => other !== item);
      set(rest.length < chosen.length ? rest : [...rest.slice(1 - MAX_ITEMS), item]);
      return chosen.includes(item);
    },
    isSelected: (item) => chosen.includes(item),
  };
}
