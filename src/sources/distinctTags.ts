import type { GridValue } from './Grid.ts';

/** Values behind those that are there, told apart where they are called the same: long texts may begin alike. */
export function distinctTags(old: readonly GridValue[], added: readonly GridValue[]): GridValue[] {
  const taken = new Set(old.map(nameOf));
  const named = added.map((value) => {
    const name = nameOf(value);
    let own = name;
    for (let number = 2; taken.has(own); number += 1) own = `${name}-${number}`;
    taken.add(own);
    const [first] = Object.keys(value.tags);
    return own === name || first === undefined ? value : { ...value, tags: { ...value.tags, [first]: own } };
  });
  return [...old, ...named];
}

/** Its first tag; of values side by side the others need not differ. */
function nameOf({ tags }: GridValue): string {
  return Object.values(tags)[0] ?? '';
}
