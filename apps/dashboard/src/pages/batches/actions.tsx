import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';

const number = new Intl.NumberFormat();

/** What can be done with a batch as a whole. */
export function BatchActions({ batch }: { readonly batch: Schema<'BatchDetail'> }): ReactNode {
  const [asking, setAsking] = useState<'replace' | 'revoke' | undefined>(undefined);
  const queries = useQueryClient();
  const { counts, edition, id, status } = batch;
  const unused = counts.active + counts.expired;
  const params = { path: { id } };
  const close = (): void => setAsking(undefined);
  if (status === 'revoked') return null;
  return (
    <>
      <Button
        variant="default"
        disabled={status !== 'ready' || unused === 0}
        onClick={() => setAsking('replace')}
      >
        Replace unused
      </Button>
      <Button color="red" variant="light" onClick={() => setAsking('revoke')}>
        Revoke batch
      </Button>
      <ConfirmDialog
        opened={asking === 'replace'}
        onClose={close}
        title={`Replace ${number.format(unused)} unused codes?`}
        confirm="Replace unused"
        typed={String(unused)}
        onConfirm={async () => {
          await client.POST('/api/v1/batches/{id}/replace-unused', { params, body: { edition } });
          await queries.invalidateQueries();
        }}
      >
        The labels and files of these {number.format(unused)} rows stop working, and new ones are made.
        Devices that are enrolled stay as they are.
      </ConfirmDialog>
      <ConfirmDialog
        opened={asking === 'revoke'}
        onClose={close}
        title="Revoke this batch?"
        confirm="Revoke batch"
        danger
        typed={String(unused)}
        onConfirm={async () => {
          await client.POST('/api/v1/batches/{id}/revoke', { params });
          await queries.invalidateQueries();
        }}
      >
        {number.format(unused)} unused codes stop working now, and whoever stands before a device with one of
        them needs a new code. The {number.format(counts.used)} devices that are enrolled stay as they are.
      </ConfirmDialog>
    </>
  );
}
