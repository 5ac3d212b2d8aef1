import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { When } from '../../components/when.tsx';
import { TextLink } from '../../components/text-link.tsx';
import classes from './overview.module.css';
import { Figures, formatBounded, formatNumber, Section } from './parts.tsx';
import type { Overview } from './search.ts';

interface Named {
  readonly device_id: string;
  readonly name: string | null;
  readonly at?: string;
}

/** Some devices by name, each leading to its page. */
function NamedDevices({ devices }: { readonly devices: readonly Named[] }): ReactNode {
  if (devices.length === 0) return null;
  return (
    <ul className={classes['named']}>
      {devices.map(({ at, device_id: id, name }) => (
        <li key={id}>
          <TextLink to="/devices/$deviceId" params={{ deviceId: id }}>
            {name ?? id}
          </TextLink>
          {at === undefined ? null : (
            <Text component="span" size="sm" c="dimmed">
              {' '}
              <When at={at} />
            </Text>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Keys that run out, and devices that will not get a new one by themselves. */
export function Keys({ cannot_rotate: unable, keys }: Pick<Overview, 'cannot_rotate' | 'keys'>): ReactNode {
  return (
    <Section
      title="Keys"
      description="Devices get a new key by themselves, from 30 days before the old one expires. Some cannot."
    >
      <Figures
        rows={[
          { key: 'expired', label: 'Expired', value: formatBounded(keys.expired) },
          { key: '30', label: 'Expire within 30 days', value: formatBounded(keys.within_30_days) },
          { key: '60', label: 'Expire within 31 to 60 days', value: formatBounded(keys.within_60_days) },
          {
            key: 'needs',
            label: (
              <TextLink to="/devices" search={{ needs_key: 'true' }}>
                Of these, have not shown that they can rotate
              </TextLink>
            ),
            value: formatBounded(keys.needs_key),
          },
          { key: 'unable', label: 'Declined a new key', value: formatBounded(unable) },
        ]}
      />
      {keys.soonest.length === 0 ? null : <Text size="sm">Next to run out:</Text>}
      <NamedDevices devices={keys.soonest.map((device) => ({ ...device, at: device.expires_at }))} />
      {unable.devices.length === 0 ? null : (
        <Text size="sm">Declined; update their agent, or make a new code for them:</Text>
      )}
      <NamedDevices devices={unable.devices} />
    </Section>
  );
}

/** Identities that two devices seem to use. */
export function Clones({ clones }: Pick<Overview, 'clones'>): ReactNode {
  return (
    <Section title="Suspected clones">
      {clones.count === 0 ? (
        <Text c="dimmed">No identity seems to be used by two devices.</Text>
      ) : (
        <>
          <div>
            <TextLink to="/devices" search={{ clones: 'suspected' }}>
              <span className={classes['figure']}>{formatBounded(clones)}</span>{' '}
              {clones.count === 1 ? 'identity is' : 'identities are'} used by two devices
            </TextLink>
          </div>
          <Text size="sm" c="dimmed">
            A card was copied. Give each copy a code of its own, then restore the device.
          </Text>
          <NamedDevices devices={clones.devices.map((device) => ({ ...device, at: device.suspected_at }))} />
        </>
      )}
    </Section>
  );
}

type Incident = Schema<'AlertIncident'>;

const conditionWords: Readonly<Record<Incident['condition'], string>> = {
  offline: 'offline',
  key_expiring: 'about to lose their key',
};

/** What the alert rules have found and is not over. */
export function Incidents(): ReactNode {
  const open = api.useQuery('get', '/api/v1/alert-incidents', {
    params: { query: { state: 'open', limit: 5 } },
  });
  const rules = api.useQuery('get', '/api/v1/alert-rules');
  const { incidents = [], total = 0 } = open.data ?? {};
  return (
    <Section title="Open incidents">
      <ProblemAlert error={open.error} onRetry={() => void open.refetch()} />
      {open.data === undefined || total > 0 ? null : (
        <Text c="dimmed">
          {rules.data?.rules.length === 0
            ? 'No alert rule watches the fleet yet. A rule tells you when devices stay offline or are about to lose their key.'
            : 'The alert rules have found nothing.'}
        </Text>
      )}
      {incidents.length === 0 ? null : (
        <ul className={classes['rows']}>
          {incidents.map((incident) => (
            <li key={incident.id}>
              <StatusBadge tone="bad">
                {`${formatNumber(incident.devices_now)} ${incident.devices_now === 1 ? 'device' : 'devices'} ${conditionWords[incident.condition]}`}
              </StatusBadge>{' '}
              {incident.group === null ? null : `in ${incident.group}, `}
              <Text component="span" size="sm" c="dimmed">
                since <When at={incident.opened_at} />
              </Text>
            </li>
          ))}
        </ul>
      )}
      {total > incidents.length ? (
        <Text size="sm" c="dimmed">{`and ${formatNumber(total - incidents.length)} more`}</Text>
      ) : null}
      <TextLink to="/settings/alerts" size="sm">
        Alert rules
      </TextLink>
    </Section>
  );
}
