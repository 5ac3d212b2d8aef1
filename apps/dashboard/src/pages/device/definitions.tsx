import { Fragment, type ReactNode } from 'react';
import classes from './definitions.module.css';

/** Names and what belongs to them; what is not known is a dash. */
export function Definitions({
  rows,
}: {
  readonly rows: readonly (readonly [string, ReactNode])[];
}): ReactNode {
  return (
    <dl className={classes['list']}>
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value ?? '–'}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
