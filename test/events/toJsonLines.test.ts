import { expect, it } from 'vitest';
import { toJsonLines } from '../../src/events/listeners.ts';
import { outcome } from '../helpers/outcomes.ts';

it('writes an event a line, without secrets', () => {
  const lines: string[] = [];
  const emit = toJsonLines(
    { write: (text: string) => lines.push(text) },
    { redact: (text) => text.replaceAll('r8_secret', '***') },
  );
  emit({ type: 'warning', message: 'two\nlines of r8_secret' });
  emit({ type: 'image.saved', outcome: outcome(1) });
  expect(lines).toEqual([
    '{"type":"warning","message":"two\\nlines of ***"}\n',
    `${JSON.stringify({ type: 'image.saved', outcome: outcome(1) })}\n`,
  ]);
});
