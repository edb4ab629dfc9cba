/** A picture as scorers see it: small, upright, sRGB, no transparency. */
export interface Pixels {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Red, green and blue of each pixel, row by row; 0 to 255. */
  readonly rgb: Uint8Array;
  /** Luma of each pixel (Rec. 601, https://www.itu.int/rec/R-REC-BT.601); 0 to 255, not rounded. */
  readonly grey: Float32Array;
}
