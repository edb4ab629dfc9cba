/** One place on a contact sheet. */
export interface SheetCell {
  /** A small picture or the original, relative to the run folder; null where there is none. */
  readonly picture: string | null;
  /** Width over height. */
  readonly ratio: number;
  /** In place of the picture, where there is none. */
  readonly reason: string;
  /** First line of the caption: the number and what sets the picture apart. */
  readonly title: string;
  /** Second line, quieter. */
  readonly text: string;
}
