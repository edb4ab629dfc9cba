import { escapeXml } from '../../escapeXml.ts';
import { wrapText } from '../../wrapText.ts';
import { sheetFont } from './sheetFont.ts';
import type { SheetLayout } from './sheetLayout.ts';

const NAME_PX = 30;
const NOTE_PX = 18;

/** The head of a page: whose pictures these are, and a note at the right. */
export function headSvg(name: string, note: string, { widthPx, headPx, marginPx }: SheetLayout): string {
  const [title = ''] = wrapText(name, (widthPx - 2 * marginPx) / NAME_PX / 2, 1);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${headPx}" ${sheetFont}>
<text x="${marginPx}" y="58" font-size="${NAME_PX}" fill="#2b2b28">${escapeXml(title)}</text>
<text x="${widthPx - marginPx}" y="58" font-size="${NOTE_PX}" text-anchor="end" fill="#6f6d67">${escapeXml(note)}</text></svg>`;
}
