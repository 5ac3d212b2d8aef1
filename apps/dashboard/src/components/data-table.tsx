import { Checkbox, Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './data-table.module.css';

export interface Column<Row> {
  /** Unique among the columns. */
  readonly key: string;
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  readonly align?: 'left' | 'right';
  /** Left out where there is no room: what the page of the row shows anyway. */
  readonly wideOnly?: boolean;
}

export interface DataTableProps<Row> {
  /** For screen readers: what the rows are. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  /** Undefined while they are read for the first time: skeletons stand in. */
  readonly rows: readonly Row[] | undefined;
  readonly rowKey: (row: Row) => string;
  /** Names a row for the checkbox beside it. */
  readonly rowLabel?: (row: Row) => string;
  /** Keys of the rows that are chosen; no checkboxes without it. */
  readonly selected?: ReadonlySet<string>;
  readonly onSelect?: (selected: ReadonlySet<string>) => void;
  /** In place of a table without rows. */
  readonly empty: ReactNode;
  /** The rows are of an earlier question while the next is answered: none of them can be chosen. */
  readonly stale?: boolean;
  readonly skeletons?: number;
}

/** Rows from the cloud. On a phone each row is a card with the names of its columns. */
export function DataTable<Row>(props: DataTableProps<Row>): ReactNode {
  const { caption, columns, empty, rows, selected, skeletons = 8, stale } = props;
  if (rows?.length === 0) return empty;
  return (
    <div className={classes['frame']} data-stale={stale === true ? true : undefined}>
      <table className={classes['table']} aria-busy={rows === undefined}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {selected === undefined ? null : (
              <td className={classes['choice']}>
                <ChooseAll {...props} />
              </td>
            )}
            {columns.map(({ align, header, key, wideOnly }) => (
              <th key={key} scope="col" data-align={align} data-wide={wideOnly}>
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows === undefined ? (
            <SkeletonRows count={skeletons} columns={columns.length + (selected === undefined ? 0 : 1)} />
          ) : (
            <Rows {...props} rows={rows} />
          )}
        </tbody>
      </table>
    </div>
  );
}

function Rows<Row>(props: DataTableProps<Row> & { readonly rows: readonly Row[] }): ReactNode {
  const { columns, onSelect, rowKey, rowLabel = rowKey, rows, selected, stale = false } = props;
  return rows.map((row) => {
    const id = rowKey(row);
    const isSelected = selected?.has(id) === true;
    return (
      <tr key={id} data-selected={isSelected ? true : undefined}>
        {selected === undefined ? null : (
          <td className={classes['choice']}>
            <Checkbox
              aria-label={`Choose ${rowLabel(row)}`}
              checked={isSelected}
              disabled={stale}
              onChange={() => onSelect?.(selected.symmetricDifference(new Set([id])))}
            />
          </td>
        )}
        {columns.map(({ align, cell, header, key, wideOnly }) => (
          <td key={key} data-label={header} data-align={align} data-wide={wideOnly}>
            {cell(row)}
          </td>
        ))}
      </tr>
    );
  });
}

function ChooseAll<Row>(props: DataTableProps<Row>): ReactNode {
  const { onSelect, rowKey, rows = [], selected, stale = false } = props;
  const here = new Set(rows.map(rowKey));
  const chosen = selected ?? new Set<string>();
  const all = here.size > 0 && here.isSubsetOf(chosen);
  return (
    <Checkbox
      aria-label="Choose all on this page"
      checked={all}
      disabled={stale}
      indeterminate={!all && !here.isDisjointFrom(chosen)}
      onChange={() => onSelect?.(all ? chosen.difference(here) : chosen.union(here))}
    />
  );
}

function SkeletonRows({ columns, count }: { readonly columns: number; readonly count: number }): ReactNode {
  return Array.from({ length: count }, (_, row) => (
    <tr key={row}>
      {Array.from({ length: columns }, (__, column) => (
        <td key={column}>
          <Skeleton height={14} width={`${String(50 + ((row * 7 + column * 13) % 40))}%`} />
        </td>
      ))}
    </tr>
  ));
}
