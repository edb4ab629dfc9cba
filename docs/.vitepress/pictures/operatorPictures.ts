import { readFileSync } from 'node:fs';
import { drawMarbles } from './drawMarbles.ts';

/** The folder of the drawn pictures, as pages name it. */
export const marblesFolder = 'images/marbles';

/** Returns the marble pictures of the operators' pages, drawn, by the path that the pages name. */
export function operatorPictures(): ReadonlyMap<string, string> {
  const sections = ['docs/operators.md', 'docs/image-operators.md']
    .flatMap((page) => readFileSync(page, 'utf8').split(/^## /m).slice(1))
    .map((section) => {
      const title = section.slice(0, section.indexOf('\n'));
      return { title, picture: /```text\n([\s\S]*?)```/.exec(section)?.[1] };
    });
  return new Map(
    sections.flatMap(({ title, picture }) =>
      picture === undefined
        ? []
        : [[`${marblesFolder}/${title.replaceAll(' ', '-')}.svg`, drawMarbles(title, picture)]],
    ),
  );
}
