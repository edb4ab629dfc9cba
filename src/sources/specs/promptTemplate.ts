import { UsageError } from '../../errors.ts';
import { specText } from '../../renditions/fields.ts';

/** Alternatives in a prompt: `{red|green}`. */
interface PromptVariants {
  /** The name in the template; `variant`, `variant2`, … if it has none. */
  readonly name: string;
  readonly options: readonly string[];
}

interface PromptTemplate {
  /** The template with only a name in each pair of braces. */
  readonly prompt: string;
  /** All names in braces, without duplicates. */
  readonly placeholders: readonly string[];
  readonly variants: readonly PromptVariants[];
}

const part = /\{\{|\}\}|\{([^{}]*)\}/g;

/**
 * Reads a prompt with placeholders, `{product}`, and alternatives, `{red|green}` or
 * `{colour:red|green}`. Doubled braces are literal braces. Throws `UsageError` if braces are
 * unmatched or empty, or two lists of alternatives have the same name.
 */
export function promptTemplate(text: string): PromptTemplate {
  const placeholders: string[] = [];
  const variants: PromptVariants[] = [];
  if (/[{}]/.test(text.replace(part, ''))) throw broken('an unmatched brace');
  const prompt = text.replace(part, (whole, inner: string | undefined) => {
    if (inner === undefined) return whole;
    const found = variantsOf(inner, variants.length);
    const name = found?.name ?? inner.trim();
    if (!/^[a-z]\w*$/i.test(name)) throw broken(whole);
    if (found !== null && placeholders.includes(name)) throw broken(`${name} twice`);
    if (found !== null) variants.push(found);
    placeholders.push(name);
    return `{${name}}`;
  });
  return { prompt, placeholders: [...new Set(placeholders)], variants };
}

function variantsOf(inner: string, before: number): PromptVariants | null {
  const [, given, named] = /^\s*([a-z]\w*)\s*:(.*)$/is.exec(inner) ?? [];
  if (given === undefined && !inner.includes('|')) return null;
  const options = (named ?? inner).split('|').map((option) => option.trim());
  const name = given ?? (before === 0 ? 'variant' : `variant${before + 1}`);
  return { name, options };
}

function broken(got: string): UsageError {
  return new UsageError(
    `Expected {name}, {one|other} or {name:one|other} in a prompt, got ${got}; write {{ and }} for literal braces`,
  );
}

/** Fills a template in one pass, so that braces in the inserted words stay as they are. */
export function filledPrompt(template: string, words: Readonly<Record<string, string>>): string {
  return template
    .replace(/\{\{|\}\}|\{(\w+)\}/g, (whole, name: string | undefined) =>
      name === undefined ? whole.slice(1) : (words[name] ?? whole),
    )
    .trim();
}

/**
 * Creates the schema of a prompt in a spec that may have alternatives and these placeholders only.
 */
export function specPrompt(placeholders: readonly string[]) {
  return specText.superRefine((text, context) => {
    try {
      const { placeholders: used, variants } = promptTemplate(text);
      const own = variants.map(({ name }) => name);
      const unknown = used.find((name) => !placeholders.includes(name) && !own.includes(name));
      const taken = own.find((name) => placeholders.includes(name));
      const got = unknown ?? taken;
      if (got === undefined) return;
      const known = placeholders.map((name) => `{${name}}`).join(', ');
      const message = `Expected only ${known} and alternatives with other names, got {${got}}`;
      context.addIssue({ code: 'custom', message });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });
}
