import { strToU8, zipSync } from 'fflate';
import { expect, it } from 'vitest';
import { rowsOf } from '../../helpers/rowsOf.ts';

const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packaged = 'http://schemas.openxmlformats.org/package/2006/relationships';

/** A workbook whose first sheet has these rows, as XML. */
function workbook(rows: string, parts: Readonly<Record<string, string | Uint8Array>> = {}): Uint8Array {
  const relation = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${office}/${type}" Target="${target}"/>`;
  const files = {
    '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    '_rels/.rels': `<Relationships xmlns="${packaged}">${relation('r1', 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${packaged}">${relation('r1', 'worksheet', 'worksheets/sheet1.xml')}${relation('r2', 'styles', 'styles.xml')}${relation('r3', 'sharedStrings', 'sharedStrings.xml')}</Relationships>`,
    'xl/styles.xml': `<styleSheet xmlns="${main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    'xl/sharedStrings.xml': `<sst xmlns="${main}"><si><t>prompt</t></si><si><r><t xml:space="preserve">a cat, </t></r><r><t>asleep</t></r></si></sst>`,
    'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}"><sheetData>${rows}</sheetData></worksheet>`,
    ...parts,
  };
  return zipSync(
    Object.fromEntries(
      Object.entries(files).map(([name, content]) => [
        name,
        typeof content === 'string' ? strToU8(content) : content,
      ]),
    ),
  );
}

const text = (cell: string, value: string) => `<c r="${cell}" t="inlineStr"><is><t>${value}</t></is></c>`;

it('reads the first sheet: texts, numbers, dates, formulas, empty rows and columns', async () => {
  const rows = [
    `<row r="2"><c r="A2" t="s"><v>0</v></c>${text('B2', 'Seed')}${text('C2', 'day')}${text('E2', 'wild')}</row>`,
    '<row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3"><v>42</v></c><c r="C3" s="1"><v>46353</v></c><c r="E3" t="b"><v>1</v></c></row>',
    `<row r="6">${text('A6', ' a dog ')}<c r="B6"><f>6*7.25</f><v>43.5</v></c><c r="F6" s="1"/></row>`,
  ];
  expect(await rowsOf('p.xlsx', workbook(rows.join('')))).toEqual([
    {
      ...{ type: 'row', line: 3, prompt: 'a cat, asleep', text: true },
      fields: { Seed: '42', day: '2026-11-27', wild: 'true' },
    },
    {
      ...{ type: 'row', line: 6, prompt: 'a dog', text: true },
      fields: { Seed: '43.5', day: '', wild: '' },
    },
  ]);
});

it('refuses a workbook that would fill the memory, before it is unpacked', async () => {
  const name = 'xl/media.xml';
  const huge = Buffer.from(workbook(`<row r="1">${text('A1', 'prompt')}</row>`, { [name]: 'zeros' }));
  // The size in the central directory, 22 bytes before the name.
  huge.writeUInt32LE(257 * 2 ** 20, huge.lastIndexOf(name) - 22);
  await expect(rowsOf('p.xlsx', huge)).rejects.toThrow('256 MB unpacked, got a larger one');
});

it.each([
  ['nothing but a name', new Uint8Array([1, 2, 3])],
  ['a ZIP file of something else', zipSync({ 'a.xml': strToU8('<a/>') })],
  ['a workbook that is cut', workbook('<row r="1"/>').subarray(0, 900)],
])('refuses %s', async (_what, content) => {
  await expect(rowsOf('p.xlsx', content)).rejects.toThrow('Expected an Excel workbook');
});

it('reads a ratio of which the program has made a time, and buys no error of a formula', async () => {
  const times = {
    'xl/styles.xml': `<styleSheet xmlns="${main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="20" applyNumberFormat="1"/></cellXfs></styleSheet>`,
  };
  const time = (cell: string, share: number) => `<c r="${cell}" s="1"><v>${share}</v></c>`;
  const rows = [
    `<row r="1"><c r="A1" t="s"><v>0</v></c>${text('B1', 'size')}</row>`,
    `<row r="2">${text('A2', 'a fox')}${time('B2', (16 + 9 / 60) / 24)}</row>`,
    `<row r="3">${text('A3', 'a cat')}${time('B3', (1 + 1 / 60) / 24)}</row>`,
    `<row r="4">${text('A4', 'a dog')}${time('B4', (21 + 9 / 60) / 24)}</row>`,
    `<row r="5"><c r="A5" t="e"><v>#REF!</v></c>${text('B5', '1:1')}</row>`,
  ];
  expect(await rowsOf('p.xlsx', workbook(rows.join(''), times))).toMatchObject([
    { fields: { size: '16:09' } },
    { fields: { size: '01:01' } },
    { fields: { size: '21:09' } },
    { line: 5, message: 'Expected a prompt, got an empty value' },
  ]);
});
