/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** The colours of a scene. */
export interface Palette {
  readonly skyTop: Colour;
  readonly horizon: Colour;
  readonly far: Colour;
  readonly near: Colour;
  readonly accent: Colour;
}
