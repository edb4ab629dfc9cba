/** Where the files of an output lie, without extension: the first at `stem`, the second at `<stem>--2`, and so on. */
export function stemAt(stem: string, place: number): string {
  return place === 0 ? stem : `${stem}--${place + 1}`;
}
