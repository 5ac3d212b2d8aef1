import { Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import type { Tone } from '../../components/status-badge.tsx';
import classes from './overview.module.css';

const number = new Intl.NumberFormat();
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });

export function formatNumber(count: number): string {
  return number.format(count);
}

/** `5,000+` where there are more than were counted. */
export function formatBounded({ count, more }: { readonly count: number; readonly more: boolean }): string {
  return more ? `${number.format(count)}+` : number.format(count);
}

export function formatShare(part: number, whole: number): string {
  return whole === 0 ? '–' : percent.format(part / whole);
}

export interface SectionProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly children: ReactNode;
}

/** A part of the page, found by its heading. */
export function Section({ children, description, title }: SectionProps): ReactNode {
  const id = useId();
  return (
    <section className={classes['card']} aria-labelledby={id}>
      <Stack gap="sm">
        <div>
          <Title order={2} id={id}>
            {title}
          </Title>
          {description === undefined ? null : (
            <Text size="sm" c="dimmed">
              {description}
            </Text>
          )}
        </div>
        {children}
      </Stack>
    </section>
  );
}

export interface FigureRow {
  readonly key: string;
  readonly label: ReactNode;
  readonly value: string;
  /** Beside the number: a share, or words. */
  readonly note?: string;
  /** 0 to 1: how long its bar is; the number says the same. */
  readonly share?: number;
  readonly tone?: Tone;
}

/** Figures with their bars. The bars are for the eye alone: nothing is in them that the text does not say. */
export function Figures({ rows }: { readonly rows: readonly FigureRow[] }): ReactNode {
  return (
    <ul className={classes['rows']}>
      {rows.map(({ key, label, note, share, tone = 'calm', value }) => (
        <li key={key} className={classes['row']}>
          <span>{label}</span>
          <span className={classes['number']}>
            {value}
            {note === undefined ? null : (
              <Text component="span" size="sm" c="dimmed">
                {` ${note}`}
              </Text>
            )}
          </span>
          {share === undefined ? null : <Bar share={share} tone={tone} />}
        </li>
      ))}
    </ul>
  );
}

function Bar({ share, tone }: { readonly share: number; readonly tone: Tone }): ReactNode {
  // What is there is seen, however little of the whole it is.
  const width = share > 0 ? Math.max(share * 100, 1) : 0;
  return (
    <svg className={classes['bar']} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden>
      <rect className={classes['track']} width="100" height="6" />
      <rect className={classes['fill']} data-tone={tone} width={Math.min(width, 100)} height="6" />
    </svg>
  );
}
