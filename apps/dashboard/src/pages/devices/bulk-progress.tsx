import { Button, Group, List, Modal, Progress, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { devicesInWords } from './selection.ts';

const askAgainMs = 500;

const done: Readonly<Record<Schema<'DeviceBulk'>['action'], string>> = {
  add_tags: 'tagged',
  remove_tags: 'changed',
  set_group: 'changed',
  rotate: 'asked to rotate',
  revoke: 'revoked',
  delete: 'deleted',
};

/** Why devices were left as they were. */
const reasons: Readonly<Record<string, string>> = {
  unchanged: 'were like that already',
  too_many_tags: 'have as many tags as a device can have',
  device_not_found: 'were deleted meanwhile',
  device_state_conflict:
    'are in a state that does not allow it: revoked, in quarantine, or with a key not used yet',
  rotation_suspended: 'seem to be two devices with one identity: decide about them first',
};

/** How far a change to many is. It goes on whether this is open or not. */
export function BulkProgress({
  id,
  onClose,
}: {
  readonly id: string;
  readonly onClose: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const bulk = api.useQuery(
    'get',
    '/api/v1/devices/bulk/{id}',
    { params: { path: { id } } },
    { refetchInterval: ({ state }) => (state.data?.state === 'finished' ? false : askAgainMs), staleTime: 0 },
  );
  const { data } = bulk;
  const isFinished = data?.state === 'finished';
  useEffect(() => {
    if (isFinished) void queries.invalidateQueries({ queryKey: ['get', '/api/v1/devices/facets'] });
  }, [isFinished, queries]);
  const skipped = Object.entries(data?.skipped ?? {});
  const behind = data === undefined ? 0 : data.changed + skipped.reduce((sum, [, count]) => sum + count, 0);
  const share = data === undefined ? 0 : (behind / Math.max(1, data.total)) * 100;
  return (
    <Modal
      opened
      onClose={onClose}
      title={isFinished ? 'Done' : 'Under way'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <ProblemAlert error={bulk.error} onRetry={() => void bulk.refetch()} />
        <Progress.Root size="lg">
          <Progress.Section value={share} aria-label="Progress" />
        </Progress.Root>
        {data === undefined ? null : (
          <Text role="status">
            {`${devicesInWords(data.changed)} ${done[data.action]}`}
            {isFinished ? '.' : ` of ${devicesInWords(data.total)}. It goes on when you leave this page.`}
          </Text>
        )}
        {skipped.length === 0 ? null : (
          <List size="sm">
            {skipped.map(([reason, count]) => (
              <List.Item key={reason}>{`${devicesInWords(count)} ${reasons[reason] ?? reason}.`}</List.Item>
            ))}
          </List>
        )}
        <Group justify="flex-end">
          <Button onClick={onClose} variant={isFinished ? 'filled' : 'default'}>
            Close
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
