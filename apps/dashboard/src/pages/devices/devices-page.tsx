import { Button, Group, Stack, Text } from '@mantine/core';
import { getRouteApi, Link, useLocation } from '@tanstack/react-router';
import {
  IconDeviceDesktopAnalytics,
  IconDownload,
  IconFilterOff,
  IconPlus,
  IconRefresh,
} from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { EmptyState } from '../../components/empty-state.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useMay } from '../../session/use-session.ts';
import { addDeviceAddress } from '../../shell/navigation.ts';
import { BulkBar } from './bulk-bar.tsx';
import { deviceColumns } from './columns.tsx';
import { Filters, type FiltersProps } from './filters.tsx';
import { PageTurner } from './page-turner.tsx';
import { type DevicesSearch, devicesPerPage, filterOf, isFiltered, readSearch } from './search.ts';
import { nothingChosen, type Selection } from './selection.ts';
import { useDevices } from './use-devices.ts';

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** Cursors of the pages before this one; null is the first. */
    deviceCursors?: readonly (string | null)[];
  }
}

const here = getRouteApi('/signed-in/devices');

/** The fleet, a page at a time. Search, filters, order and place are in the address, so that Back leads back. */
export function DevicesPage(): ReactNode {
  const search = here.useSearch();
  const navigate = here.useNavigate();
  const devices = useDevices(search);
  const mayChange = useMay('operator');
  const [selection, setSelection] = useChoice(search);
  const narrow: FiltersProps['onChange'] = (change) => {
    const next = readSearch({ ...search, ...change });
    void navigate({ search: withoutPlace(next), replace: Object.hasOwn(change, 'q') });
  };
  const clear = (): void => {
    void navigate({ search: search.sort === undefined ? {} : { sort: search.sort } });
  };
  const isEmpty = devices.data?.total === 0 && !isFiltered(search);
  return (
    <Page
      title="Devices"
      actions={
        <>
          <ExportButton search={search} />
          {mayChange ? <AddButton /> : null}
        </>
      }
    >
      {isEmpty ? null : (
        <Filters search={search} mayCount={devices.data !== undefined} onChange={narrow} onClear={clear} />
      )}
      <ProblemAlert error={devices.error} onRetry={() => void devices.refetch()} />
      {devices.isOutdated ? <Outdated onRefresh={devices.refresh} /> : null}
      <List search={search} devices={devices} selection={selection} onSelect={setSelection} onClear={clear} />
      {mayChange ? (
        <BulkBar
          selection={selection}
          all={devices.isPlaceholderData ? undefined : allOf(search, devices.data)}
          onSelect={setSelection}
          onDone={() => void devices.refetch()}
        />
      ) : null}
    </Page>
  );
}

/**
 * What is chosen, of the list that the filters let through now: under other filters, however the page came to have them,
 * nothing is.
 */
function useChoice(search: DevicesSearch) {
  const list = JSON.stringify(filterOf(search));
  const [choice, setChoice] = useState<{ list: string; selection: Selection }>();
  const selection = choice?.list === list ? choice.selection : nothingChosen;
  const select = (wanted: Selection): void => setChoice({ list, selection: wanted });
  return [selection, select] as const;
}

interface ListProps {
  readonly search: DevicesSearch;
  readonly devices: ReturnType<typeof useDevices>;
  readonly selection: Selection;
  readonly onSelect: (selection: Selection) => void;
  readonly onClear: () => void;
}

function List({ devices, onClear, onSelect, search, selection }: ListProps): ReactNode {
  const mayChange = useMay('operator');
  const turn = usePageTurning(search);
  const { data, error, isPlaceholderData } = devices;
  if (error !== null && data === undefined) return null;
  const choosing = mayChange
    ? {
        selected: chosenHere(selection, data?.devices ?? []),
        onSelect: (ids: ReadonlySet<string>) => onSelect({ kind: 'some', ids }),
      }
    : {};
  return (
    <Stack gap="sm">
      <DataTable
        caption="Devices"
        columns={deviceColumns}
        rows={data?.devices}
        rowKey={(device) => device.device_id}
        rowLabel={(device) => device.name ?? device.device_id}
        {...choosing}
        stale={isPlaceholderData}
        empty={isFiltered(search) ? <NoMatch onClear={onClear} /> : <NoDevices mayAdd={mayChange} />}
      />
      {data === undefined || data.total === 0 ? null : (
        <PageTurner
          total={data.total}
          from={search.from ?? 0}
          shown={data.devices.length}
          onNext={data.next_cursor === null ? undefined : turn.forth(data.next_cursor, data.devices.length)}
          onPrevious={search.cursor === undefined ? undefined : turn.back}
        />
      )}
    </Stack>
  );
}

/** The choice of everything that the filters let through; undefined while that is not known. */
function allOf(search: DevicesSearch, data: { readonly total: number } | undefined) {
  if (data === undefined) return undefined;
  return { kind: 'all', filter: filterOf(search), count: data.total } as const;
}

/** The same list from its beginning. */
function withoutPlace({ cursor: _, from: __, ...search }: DevicesSearch): DevicesSearch {
  return search;
}

/** Forth by the cursor of the page; back by those that the way here is remembered by, else to the first page. */
function usePageTurning(search: DevicesSearch) {
  const navigate = here.useNavigate();
  const trail = useLocation({ select: ({ state }) => state.deviceCursors ?? [] });
  const list = withoutPlace(search);
  const from = search.from ?? 0;
  return {
    forth: (cursor: string, shown: number) => () =>
      void navigate({
        search: { ...list, cursor, from: from + shown },
        state: { deviceCursors: [...trail, search.cursor ?? null] },
      }),
    back: () => {
      const cursor = trail.at(-1) ?? undefined;
      void navigate({
        search: {
          ...list,
          ...(cursor === undefined ? {} : { cursor, from: Math.max(0, from - devicesPerPage) }),
        },
        state: { deviceCursors: trail.slice(0, -1) },
      });
    },
  };
}

/** Of a choice over all pages, what is on this one. */
function chosenHere(
  selection: Selection,
  devices: readonly { readonly device_id: string }[],
): ReadonlySet<string> {
  if (selection.kind === 'some') return selection.ids;
  return new Set(devices.map((device) => device.device_id));
}

/** A live list never moves under the pointer: what would be in other places by now waits to be asked for. */
function Outdated({ onRefresh }: { readonly onRefresh: () => void }): ReactNode {
  return (
    <Group gap="xs" role="status">
      <Text size="sm" c="dimmed">
        Devices have come, gone or changed places.
      </Text>
      <Button
        size="compact-sm"
        variant="light"
        leftSection={<IconRefresh size={14} aria-hidden />}
        onClick={onRefresh}
      >
        Show them
      </Button>
    </Group>
  );
}

function ExportButton({ search }: { readonly search: DevicesSearch }): ReactNode {
  const query = new URLSearchParams({ ...filterOf(search) }).toString();
  return (
    <Button
      component="a"
      variant="default"
      href={`/api/v1/devices/export${query === '' ? '' : `?${query}`}`}
      leftSection={<IconDownload size={16} aria-hidden />}
    >
      {isFiltered(search) ? 'Export these as CSV' : 'Export as CSV'}
    </Button>
  );
}

function AddButton(): ReactNode {
  return (
    <Button component={Link} to={addDeviceAddress} leftSection={<IconPlus size={16} aria-hidden />}>
      Add Device
    </Button>
  );
}

function NoDevices({ mayAdd }: { readonly mayAdd: boolean }): ReactNode {
  return (
    <EmptyState
      icon={IconDeviceDesktopAnalytics}
      title="No devices yet"
      action={mayAdd ? <AddButton /> : undefined}
    >
      A device appears here once it has redeemed a provisioning code. Make a code, put it on the board’s SD
      card or into its .env, and switch the board on: it registers by itself, exactly once, and stays under
      the same name.
    </EmptyState>
  );
}

function NoMatch({ onClear }: { readonly onClear: () => void }): ReactNode {
  return (
    <EmptyState
      icon={IconFilterOff}
      title="No device matches"
      action={
        <Button variant="default" onClick={onClear}>
          Clear filters
        </Button>
      }
    >
      Search looks for a part of the name, id, host name, address, board or serial number.
    </EmptyState>
  );
}
