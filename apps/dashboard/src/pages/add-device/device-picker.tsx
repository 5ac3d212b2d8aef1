import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { api, type Schema } from '../../api/client.ts';

/** Devices offered at once: whoever does not see theirs types more of it. */
const offered = 20;
const typedMs = 250;

export interface DevicePickerProps {
  /** Id of the device; empty for none. */
  readonly value?: string;
  readonly onChange?: (id: string) => void;
  readonly error?: ReactNode;
}

/** Finds a device by name, host name, address, serial number or id. */
export function DevicePicker({ error, onChange, value }: DevicePickerProps): ReactNode {
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), typedMs);
  const list = api.useQuery('get', '/api/v1/devices', {
    params: { query: { limit: offered, ...(q === '' ? {} : { q }) } },
  });
  const options = (list.data?.devices ?? []).map((device) => ({
    value: device.device_id,
    label: labelOf(device),
  }));
  const chosen = value ?? '';
  // The chosen one stays, also when what is typed finds others.
  const all =
    chosen === '' || options.some((option) => option.value === chosen)
      ? options
      : [{ value: chosen, label: chosen }, ...options];
  return (
    <Select
      label="Replace an existing device"
      description="It keeps its id, name and history, and gets a new key; the old key ends when the new one is first used."
      placeholder="Search by name, address, serial number or id"
      data={all}
      value={chosen === '' ? null : chosen}
      onChange={(id) => onChange?.(id ?? '')}
      onSearchChange={setTyped}
      // The cloud has searched already.
      filter={({ options: found }) => found}
      nothingFoundMessage={list.isPending ? 'Searching…' : 'No such device'}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Replace none' }}
      error={error ?? (list.isError ? 'The devices cannot be listed now.' : undefined)}
    />
  );
}

function labelOf({ device_id: id, name, network_info: network }: Schema<'Device'>): string {
  const host = network['hostname'];
  const called = name ?? (typeof host === 'string' && host !== '' ? host : undefined);
  return called === undefined ? id : `${called} (${id})`;
}
