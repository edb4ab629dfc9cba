import type { Item } from '../data/Item.ts';
import { judgementFor } from '../picks/judgementFor.ts';
import type { Grid } from './createGrid.ts';
import { itemAt, type TileActions } from './createTile.ts';

export interface KeyActions extends Pick<TileActions, 'judge' | 'judgementOf'> {
  readonly grid: Grid;
  /** True if the grid is on the screen. */
  isGridShown(): boolean;
  focusSearch(): void;
  showHelp(): void;
}

/**
 * Listens to keys in the whole page, from its first moment: they act on the tile in focus, the one
 * below the pointer, or the first one.
 */
export function listenToKeys(actions: KeyActions): void {
  const { grid } = actions;
  document.addEventListener('keydown', (event) => {
    const { key, target, shiftKey, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || isTyping(target)) return;
    if (key === '?') {
      event.preventDefault();
      actions.showHelp();
      return;
    }
    if (document.querySelector('dialog[open]')) return;
    const item = itemAt(target instanceof Element ? target : null);
    if (key === '/') {
      event.preventDefault();
      actions.focusSearch();
    } else if (actions.isGridShown() && target === document.body && grid.press(key)) {
      event.preventDefault();
    } else {
      act(key, shiftKey, item);
    }
  });

  function act(key: string, shiftKey: boolean, focused: Item | undefined): void {
    const name = key.toLowerCase();
    if (!/^[pxuc0-5r]$/.test(name)) return;
    const item = focused ?? itemAt(document.querySelector('.tile:hover')) ?? currentItem();
    if (item === undefined) return;
    if (name === 'r') buttonOf(item, '.retry')?.click();
    else if (name === 'c') buttonOf(item, '.select')?.click();
    else judge(item, name, shiftKey);
  }

  function judge(item: Item, key: string, andGoOn: boolean): void {
    const change = judgementFor(key, actions.judgementOf(item));
    if (change === null) return;
    actions.judge(item, change);
    // A filter may have removed the item; the next one is at its position already.
    if (andGoOn && currentItem() === item) grid.press('ArrowRight');
  }

  function currentItem(): Item | undefined {
    return actions.isGridShown() ? grid.focusCurrent() : undefined;
  }
}

function buttonOf(item: Item, selector: string): HTMLElement | null {
  const tile = [...document.querySelectorAll('.tile')].find((each) => itemAt(each) === item);
  return tile?.querySelector<HTMLElement>(selector) ?? null;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !['range', 'checkbox', 'file'].includes(target.type)) ||
    target instanceof HTMLTextAreaElement
  );
}
