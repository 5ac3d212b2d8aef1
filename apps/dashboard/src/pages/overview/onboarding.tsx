import type { ReactNode } from 'react';
import { Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { When } from '../../components/when.tsx';
import { TextLink } from '../../components/text-link.tsx';
import classes from './overview.module.css';
import { Figures, formatNumber, formatShare, Section } from './parts.tsx';
import { type Overview, type Window, windowWords } from './search.ts';

/** What became of the codes that were made in the window. */
export function Onboarding({
  onboarding: { codes_made: made, online, redeemed },
  window,
}: Pick<Overview, 'onboarding'> & { readonly window: Window }): ReactNode {
  const share = (part: number): number => (made === 0 ? 0 : part / made);
  return (
    <Section
      title="Onboarding"
      description={`Codes made in the last ${windowWords[window]}, and what became of them.`}
    >
      <Figures
        rows={[
          {
            key: 'made',
            label: <TextLink to="/codes">Codes made</TextLink>,
            value: formatNumber(made),
            share: share(made),
            tone: 'quiet',
          },
          {
            key: 'redeemed',
            label: 'Redeemed',
            value: formatNumber(redeemed),
            note: formatShare(redeemed, made),
            share: share(redeemed),
            tone: 'calm',
          },
          {
            key: 'online',
            label: 'Came online',
            value: formatNumber(online),
            note: formatShare(online, made),
            share: share(online),
            tone: 'good',
          },
        ]}
      />
    </Section>
  );
}

type Cause = Overview['failures'][number];

const columns: readonly Column<Cause>[] = [
  {
    key: 'cause',
    header: 'Cause and next step',
    cell: ({ next_step: nextStep, title }) => (
      <div>
        <Text fw={600}>{title}</Text>
        <Text size="sm" c="dimmed">
          {nextStep}
        </Text>
      </div>
    ),
  },
  { key: 'attempts', header: 'Attempts', align: 'right', cell: ({ attempts }) => formatNumber(attempts) },
  {
    key: 'last',
    header: 'Last',
    cell: ({ last_at: at }) => (
      <Text component="span" className={classes['when']}>
        <When at={at} />
      </Text>
    ),
  },
  { key: 'address', header: 'From', cell: ({ last_address: address }) => address ?? '–' },
  { key: 'mend', header: 'Mend', cell: (cause) => <MendLink {...cause} /> },
];

/** To the device or the code that was refused last, where something can be done about it. */
function MendLink({ last_object: object, objects }: Cause): ReactNode {
  if (object === null) return '–';
  const { id, kind } = object;
  const others = objects > 1 ? ` and ${formatNumber(objects - 1)} more` : '';
  return (
    <span>
      {kind === 'device' ? (
        <TextLink to="/devices/$deviceId" params={{ deviceId: id }}>
          {id}
        </TextLink>
      ) : (
        // Where the refusal stands in full, and the binding can be changed.
        <TextLink to="/devices/add" search={{ code: id }}>
          {id}
        </TextLink>
      )}
      {others}
    </span>
  );
}

/** Why devices were refused, and what to do about it. */
export function Failures({
  failures,
  failures_more: more,
  window,
}: Pick<Overview, 'failures' | 'failures_more'> & { readonly window: Window }): ReactNode {
  return (
    <Section
      title="Failures by cause"
      description={
        more
          ? 'There were more than can be counted: these are the newest.'
          : `Refused in the last ${windowWords[window]}. Attempts with unknown codes belong to nobody and are not shown.`
      }
    >
      <DataTable
        caption="Why devices were refused"
        columns={columns}
        rows={failures}
        rowKey={({ code }) => code}
        empty={
          <EmptyState icon={IconCircleCheck} title="Nothing was refused">
            A code that is bound to another device, has expired or was used, and a key that is not accepted
            any more, appear here with what to do.
          </EmptyState>
        }
      />
    </Section>
  );
}
