import { expect, it } from 'vitest';
import { createLiveBlock } from '../../../src/cli/display/terminalView.ts';
import { FakeTerminal } from '../../helpers/fakeTerminal.ts';

it('redraws its lines in place, also when there are fewer', () => {
  const terminal = new FakeTerminal(20, 10);
  terminal.write('before\n');
  const block = createLiveBlock(terminal);
  block.draw(['one', 'two long', 'three']);
  expect(terminal.shown).toEqual(['before', 'one', 'two long', 'three']);
  block.draw(['ONE', 'two']);
  expect(terminal.shown).toEqual(['before', 'ONE', 'two']);
  block.draw(['1', '2', '3', '4']);
  expect(terminal.shown).toEqual(['before', '1', '2', '3', '4']);
  expect(terminal.isCursorVisible).toBe(false);
  block.clear();
  expect(terminal.shown).toEqual(['before']);
  expect(terminal.isCursorVisible).toBe(true);
  expect(terminal.isWrapping).toBe(true);
});

it('prints above the block, also lines that the terminal wraps', () => {
  const terminal = new FakeTerminal(10, 10);
  const block = createLiveBlock(terminal);
  block.draw(['block one', 'block two']);
  block.print(['0123456789', 'a line of two rows']);
  expect(terminal.shown).toEqual(['0123456789', 'a line of', 'two rows', 'block one', 'block two']);
  block.draw(['block']);
  expect(terminal.shown).toEqual(['0123456789', 'a line of', 'two rows', 'block']);
});

it('works at the bottom of the window, as high as the window', () => {
  const terminal = new FakeTerminal(20, 4);
  const block = createLiveBlock(terminal);
  for (const line of ['a', 'b', 'c', 'd', 'e']) block.print([line]);
  for (let frame = 0; frame < 5; frame += 1) {
    block.draw(['w', 'x', 'y', `z ${frame}`]);
    expect(terminal.shown).toEqual(['w', 'x', 'y', `z ${frame}`]);
  }
  expect(terminal.history).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('keeps a line that is too long on its row', () => {
  const terminal = new FakeTerminal(5, 5);
  const block = createLiveBlock(terminal);
  block.draw(['0123456789', 'two']);
  block.draw(['0123456789', 'TWO']);
  expect(terminal.shown).toHaveLength(2);
  expect(terminal.shown[1]).toBe('TWO');
});

it('writes nothing if nothing has changed', () => {
  const terminal = new FakeTerminal(20, 10);
  const block = createLiveBlock(terminal);
  block.draw(['one']);
  block.draw(['one']);
  expect(terminal.writes).toBe(1);
  block.clear();
  block.clear();
  expect(terminal.writes).toBe(2);
});

it('covers the rows of lines that a narrower window has wrapped', () => {
  const terminal = new FakeTerminal(20, 10);
  const block = createLiveBlock(terminal);
  terminal.write('before\n');
  block.draw(['0123456789', 'abcdefghij']);
  // A terminal that wraps its lines again.
  terminal.columns = 5;
  terminal.screen = ['before', '01234', '56789', 'abcde', 'fghij'].map((line) => [...line]);
  terminal.row = 4;
  block.draw(['0…', 'a…']);
  expect(terminal.shown).toEqual(['before', '0…', 'a…']);
});
