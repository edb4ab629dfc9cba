/** An image of an input that could be read. */
export interface InputImage {
  readonly bytes: Buffer;
  /** As it is seen, after turning it as its metadata say. */
  readonly widthPx: number;
  readonly heightPx: number;
}
