import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { DeviceStatusBadge, type Tone } from '../../components/status-badge.tsx';
import { TextLink } from '../../components/text-link.tsx';
import classes from './overview.module.css';
import { Figures, formatNumber, formatShare, Section } from './parts.tsx';
import type { Overview } from './search.ts';

type Status = Schema<'Device'>['status'];

const order: readonly (readonly [Status, Tone])[] = [
  ['online', 'good'],
  ['offline', 'warn'],
  ['reconnecting', 'calm'],
  ['never_connected', 'quiet'],
  ['quarantined', 'bad'],
  ['revoked', 'bad'],
];

/** How many devices there are, and how many of them are what. */
export function Fleet({ devices: { by_status: counts, total } }: Pick<Overview, 'devices'>): ReactNode {
  return (
    <Section title="Fleet">
      <div>
        <TextLink to="/devices">
          <span className={classes['figure']}>{formatNumber(total)}</span>{' '}
          {total === 1 ? 'device' : 'devices'}
        </TextLink>
        <Text className="visually-hidden" role="status">
          {`${formatNumber(counts.online ?? 0)} of ${formatNumber(total)} devices online`}
        </Text>
      </div>
      <Figures
        rows={order.map(([status, tone]) => {
          const count = counts[status] ?? 0;
          return {
            key: status,
            label: (
              <TextLink to="/devices" search={{ status }}>
                <DeviceStatusBadge status={status} />
              </TextLink>
            ),
            value: formatNumber(count),
            note: formatShare(count, total),
            share: total === 0 ? 0 : count / total,
            tone,
          };
        })}
      />
    </Section>
  );
}

/** Which versions of the agent devices run. */
export function Versions({ devices, versions }: Pick<Overview, 'devices' | 'versions'>): ReactNode {
  const { total } = devices;
  const rows = versions.top.map(({ devices: count, version }) => ({
    key: version ?? '',
    label:
      version === null ? (
        'Has not told'
      ) : (
        <TextLink to="/devices" search={{ version }}>
          {version}
        </TextLink>
      ),
    value: formatNumber(count),
    note: formatShare(count, total),
    share: total === 0 ? 0 : count / total,
  }));
  const others = { key: 'others', label: 'All others', value: formatNumber(versions.others) };
  return (
    <Section title="Agent versions">
      <Figures rows={versions.others > 0 ? [...rows, { ...others, share: versions.others / total }] : rows} />
    </Section>
  );
}
