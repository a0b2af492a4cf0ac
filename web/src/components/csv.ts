/** With what a field begins that a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** Rows as a file that a Vietnamese spreadsheet opens: UTF-8 with a byte order mark, semicolons, nothing that would run. */
export function csv(rows: string[][]): Blob {
  const cell = (text: string) => `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const lines = rows.map((row) => row.map(cell).join(';'));
  return new Blob(['\ufeff', lines.join('\r\n'), '\r\n'], { type: 'text/csv;charset=utf-8' });
}
