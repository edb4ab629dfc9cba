import { EventEmitter } from 'node:events';

/** A stream that records all text written to it. */
export class FakeStream extends EventEmitter {
  text = '';
  isTTY = false;
  columns = 80;
  rows = 24;

  write(text: string): boolean {
    this.text += text;
    return true;
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}
