import { Button, Group, Select } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { SearchInput } from '../../components/search-input.tsx';
import { type DevicesSearch, isFiltered, sortings, statusWords } from './search.ts';

/** Menus are counted anew this rarely: they go through the whole fleet. */
const menusFreshMs = 60_000;

type Facets = Schema<'DeviceFacets'>;

export interface FiltersProps {
  readonly search: DevicesSearch;
  /** The menus are counted once the rows are there: they go through the whole fleet, and nobody opens them first. */
  readonly mayCount: boolean;
  /** Members that are undefined are taken out. */
  readonly onChange: (change: Partial<Record<keyof DevicesSearch, string | undefined>>) => void;
  readonly onClear: () => void;
}

/** Search, filters and order. All of it is in the address of the page. */
export function Filters({ mayCount, onChange, onClear, search }: FiltersProps): ReactNode {
  const menus = api.useQuery(
    'get',
    '/api/v1/devices/facets',
    {},
    { staleTime: menusFreshMs, enabled: mayCount },
  );
  const menu = (
    label: string,
    name: 'tag' | 'group' | 'board' | 'version',
    values: keyof Facets,
  ): ReactNode => (
    <Choice
      label={label}
      value={search[name]}
      options={optionsOf(menus.data?.[values])}
      onChange={(value) => onChange({ [name]: value })}
    />
  );
  return (
    <Group gap="xs" align="flex-end" role="search" aria-label="Devices">
      <SearchInput
        label="Search"
        placeholder="Name, id, address, serial"
        w={{ base: '100%', xs: 260 }}
        value={search.q ?? ''}
        onSearch={(text) => onChange({ q: text === '' ? undefined : text })}
      />
      <Choice
        label="Status"
        value={search.status}
        options={statusOptions(menus.data)}
        onChange={(status) => onChange({ status })}
      />
      {menu('Group', 'group', 'groups')}
      {menu('Tag', 'tag', 'tags')}
      {menu('Board', 'board', 'boards')}
      {menu('Version', 'version', 'versions')}
      <Select
        label="Order"
        w={190}
        data={Object.entries(sortings).map(([value, { words }]) => ({ value, label: words }))}
        value={search.sort ?? 'newest'}
        allowDeselect={false}
        onChange={(sort) => onChange({ sort: sort ?? undefined })}
      />
      {isFiltered(search) ? (
        <Button variant="subtle" leftSection={<IconX size={16} aria-hidden />} onClick={onClear}>
          Clear filters
        </Button>
      ) : null}
    </Group>
  );
}

interface Option {
  readonly value: string;
  readonly label: string;
}

function Choice(props: {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly Option[];
  readonly onChange: (value: string | undefined) => void;
}): ReactNode {
  const { label, onChange, options, value } = props;
  // What the address names stays a choice, also when no device has it any more.
  const isKnown = value === undefined || options.some((option) => option.value === value);
  return (
    <Select
      label={label}
      placeholder="Any"
      w={150}
      clearable
      searchable={options.length > 10}
      nothingFoundMessage="Nothing like it"
      maxDropdownHeight={320}
      data={isKnown ? [...options] : [{ value, label: value }, ...options]}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
    />
  );
}

const number = new Intl.NumberFormat();

function optionsOf(values: Facets[keyof Facets] | undefined): Option[] {
  if (!Array.isArray(values)) return [];
  return values.map(({ count, value }) => ({ value, label: `${value} (${number.format(count)})` }));
}

function statusOptions(facets: Facets | undefined): Option[] {
  const counts = new Map(facets?.statuses.map(({ count, value }) => [value, count]));
  return Object.entries(statusWords).map(([value, words]) => {
    const count = counts.get(value);
    return { value, label: count === undefined ? words : `${words} (${number.format(count)})` };
  });
}
