import { Button, Group, Select, TextInput } from '@mantine/core';
import { IconSearch, IconX } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { after } from '../../platform.ts';
import { type DevicesSearch, isFiltered, sortings, statusWords } from './search.ts';

/** After the last keystroke. */
const typingMs = 300;
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
      <SearchBox value={search.q ?? ''} onChange={(q) => onChange({ q })} />
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

function SearchBox(props: {
  readonly value: string;
  readonly onChange: (q: string | undefined) => void;
}): ReactNode {
  const { onChange, value } = props;
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  const [sent, setSent] = useState(value);
  const typing = useRef<(() => void) | undefined>(undefined);
  if (value !== seen) {
    setSeen(value);
    // The address changed by other means than this box, such as Back.
    if (value !== sent) {
      setSent(value);
      setText(value);
    }
  }
  useEffect(() => () => typing.current?.(), []);
  return (
    <TextInput
      label="Search"
      type="search"
      placeholder="Name, id, host name, address, serial"
      w={{ base: '100%', xs: 260 }}
      maxLength={128}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={text}
      onChange={(change) => {
        const next = change.currentTarget.value;
        setText(next);
        typing.current?.();
        typing.current = after(typingMs, () => {
          const q = next.trim();
          setSent(q);
          onChange(q === '' ? undefined : q);
        });
      }}
    />
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
