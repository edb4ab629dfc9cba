/** SVG attribute with what stands in most machines' fonts. */
export const sheetFont = `font-family="Inter, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"`;
