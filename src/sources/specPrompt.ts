import { UsageError } from '../errors.ts';
import { promptTemplate } from './promptTemplate.ts';
import { specText } from './specText.ts';

/** A prompt of a spec with alternatives, and with no placeholder but these; what is wrong in it becomes the problem's message. */
export function specPrompt(placeholders: readonly string[]) {
  return specText.superRefine((text, context) => {
    try {
      const { placeholders: used, variants } = promptTemplate(text);
      const own = variants.map(({ name }) => name);
      const strange = used.find((name) => !placeholders.includes(name) && !own.includes(name));
      const taken = own.find((name) => placeholders.includes(name));
      const got = strange ?? taken;
      if (got === undefined) return;
      const known = placeholders.map((name) => `{${name}}`).join(', ');
      const message = `Expected no placeholder but ${known} and alternatives of other names, got {${got}}`;
      context.addIssue({ code: 'custom', message });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });
}
