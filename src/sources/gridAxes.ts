import type { GridAxis } from './Grid.ts';
import type { GridFields } from './GridFields.ts';
import { gridAxis, type NamedValue } from './gridAxis.ts';
import { promptTemplate } from './promptTemplate.ts';
import { zipAxes } from './zipAxes.ts';

/**
 * The axes of a spec: its lists, those that go side by side as one, and the alternatives of its prompt. Throws `UsageError`
 * where one of them cannot be; `gridFaults` says where.
 */
export function gridAxes({ prompt, axes, zip }: GridFields): GridAxis[] {
  const { placeholders, variants } = promptTemplate(prompt ?? '{prompt}');
  const axisAt = (place: string, name: string, values: readonly NamedValue[]) =>
    gridAxis({ name, place, values, isWord: placeholders.includes(name) });
  const sideBySide = Object.entries(zip ?? {}).map(([name, values]) => axisAt(`zip.${name}`, name, values));
  return [
    ...Object.entries(axes ?? {}).map(([name, values]) => axisAt(`axes.${name}`, name, values)),
    ...(sideBySide.length === 0 ? [] : [zipAxes('zip', sideBySide)]),
    ...variants.map(({ name, options }) =>
      axisAt(
        'prompt',
        name,
        options.map((value) => ({ name: null, value })),
      ),
    ),
  ];
}
