import { Alert, Button, Group, List, Stack, Text } from '@mantine/core';
import { IconCopy } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { When } from '../../components/when.tsx';
import { useMay } from '../../session/use-session.ts';

const rules = {
  lives_overlap: 'Two processes with this identity were alive at the same time.',
  connections_alternate: 'Two connections with this identity keep taking each other’s place.',
} as const;

/** Two devices seem to use one identity: what it rests on, and the decision. */
export function CloneAlert({ device }: { readonly device: Schema<'Device'> }): ReactNode {
  const mayDecide = useMay('operator');
  const [isAsking, setAsking] = useState(false);
  const queries = useQueryClient();
  const { clone_evidence: evidence, clone_suspected_at: at, device_id: id } = device;
  if (at === null) return null;
  const dismiss = async (): Promise<void> => {
    await client.POST('/api/v1/devices/{id}/restore', { params: { path: { id } } });
    await queries.invalidateQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(id) });
  };
  return (
    <Alert
      color="red"
      icon={<IconCopy aria-hidden />}
      title="Two devices seem to use this identity"
      role="alert"
    >
      <Stack gap="xs">
        <Text>
          {evidence === null ? '' : rules[evidence.rule]} Suspected <When at={at} as="exact" />. Most often an
          SD card was copied. Give the copy a code of its own; rotation of the key waits for the decision.
        </Text>
        {evidence === null ? null : (
          <List size="sm" style={{ overflowWrap: 'anywhere' }}>
            {evidence.connections.map((one) => (
              <List.Item key={`${one.address} ${one.first_at} ${one.instance ?? ''}`}>
                {`${one.address}, process ${one.instance ?? 'that does not tell'}${one.boot_id === null ? '' : `, started with machine ${one.boot_id}`}: from `}
                <When at={one.first_at} as="exact" /> to <When at={one.last_at} as="exact" />
              </List.Item>
            ))}
          </List>
        )}
        {mayDecide ? (
          <Group gap="xs">
            <Button size="compact-md" variant="default" onClick={() => setAsking(true)}>
              It is one device
            </Button>
            <Text size="sm" c="dimmed">
              Or, under Actions: provision it again, replace its key, or put it into quarantine.
            </Text>
          </Group>
        ) : null}
      </Stack>
      <ConfirmDialog
        opened={isAsking}
        onClose={() => setAsking(false)}
        title="Is it one device?"
        confirm="It is one device"
        onConfirm={dismiss}
      >
        The suspicion is dropped and the same key goes on working, also for a copy if there is one. If two
        boards run with it, they will be noticed again.
      </ConfirmDialog>
    </Alert>
  );
}
