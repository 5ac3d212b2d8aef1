/** Points of PDF, of which 72 are an inch. */
const millimetre = 72 / 25.4;
const inch = 72;

/** Sheets of labels that are sold everywhere. All lengths in points. */
export interface LabelSheet {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
  /** Of one label. */
  readonly labelWidth: number;
  readonly labelHeight: number;
  /** From the edge of the sheet to the first label. */
  readonly left: number;
  readonly top: number;
  /** From one label to the next. */
  readonly pitchX: number;
  readonly pitchY: number;
}

/** A4, 3 × 7 labels of 63.5 × 38.1 mm: the sheet of Avery L7160 and its many likes. */
const a4: LabelSheet = {
  width: 210 * millimetre,
  height: 297 * millimetre,
  columns: 3,
  rows: 7,
  labelWidth: 63.5 * millimetre,
  labelHeight: 38.1 * millimetre,
  left: 7.2 * millimetre,
  top: 15.15 * millimetre,
  pitchX: 66.04 * millimetre,
  pitchY: 38.1 * millimetre,
};

/** US Letter, 3 × 10 labels of 2 5/8 × 1 inch: the sheet of Avery 5160 and its many likes. */
const letter: LabelSheet = {
  width: 8.5 * inch,
  height: 11 * inch,
  columns: 3,
  rows: 10,
  labelWidth: 2.625 * inch,
  labelHeight: 1 * inch,
  left: 0.1875 * inch,
  top: 0.5 * inch,
  pitchX: 2.75 * inch,
  pitchY: 1 * inch,
};

export const labelSheets = { a4, letter } as const;

/** Where the label with this number, from 0, has its upper left corner. */
export function labelPlace(sheet: LabelSheet, number: number): { readonly x: number; readonly y: number } {
  const place = number % (sheet.columns * sheet.rows);
  return {
    x: sheet.left + (place % sheet.columns) * sheet.pitchX,
    y: sheet.top + Math.floor(place / sheet.columns) * sheet.pitchY,
  };
}
