import { Button, Group, Modal, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconBellPlus } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { api, type Schema } from '../../../api/client.ts';
import { ConfirmDialog } from '../../../components/confirm-dialog.tsx';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { EmptyState } from '../../../components/empty-state.tsx';
import { ProblemAlert } from '../../../components/problem-alert.tsx';
import { RuleForm } from './rule-form.tsx';
import { SettingsSection } from './section.tsx';

type Rule = Schema<'AlertRule'>;

/** @param isOnly there is no rule of a group */
function groupWords({ group }: Pick<Rule, 'group'>, isOnly: boolean): string {
  return group ?? (isOnly ? 'All devices' : 'All other devices');
}

/** The rules, and what administrators do with them. */
export function Rules({ mayChange }: { readonly mayChange: boolean }): ReactNode {
  const { data, error, refetch } = api.useQuery('get', '/api/v1/alert-rules');
  const [edited, setEdited] = useState<Rule | 'new' | undefined>(undefined);
  const [isSaving, setSaving] = useState(false);
  const [deleted, setDeleted] = useState<Rule | undefined>(undefined);
  const queries = useQueryClient();
  const isOnly = data?.rules.every(({ group }) => group === null) ?? true;
  const changed = (): void => void queries.invalidateQueries({ queryKey: ['get', '/api/v1/alert-rules'] });
  const add = (
    <Button
      leftSection={<IconBellPlus size={16} aria-hidden />}
      variant="light"
      onClick={() => {
        setEdited('new');
      }}
    >
      Add a rule
    </Button>
  );
  return (
    <SettingsSection title="Rules" action={mayChange && data?.rules.length !== 0 ? add : undefined}>
      <ProblemAlert error={error} onRetry={() => void refetch()} />
      {error === null ? (
        <DataTable
          caption="Alert rules"
          columns={columnsOf(mayChange, isOnly, setEdited, setDeleted)}
          rows={data?.rules}
          rowKey={({ id }) => id}
          skeletons={2}
          empty={
            <EmptyState icon={IconBellPlus} title="No rule yet" action={mayChange ? add : undefined}>
              Begin with one for all devices, for instance: tell when a device has been offline for 15
              minutes. A group may have a rule of its own.
            </EmptyState>
          }
        />
      ) : null}
      <Modal
        opened={edited !== undefined}
        // What was begun is seen to its end: its failure would be told to nobody.
        onClose={() => {
          if (!isSaving) setEdited(undefined);
        }}
        title={edited === 'new' ? 'Add a rule' : 'Change the rule'}
        closeButtonProps={{ 'aria-label': 'Close', disabled: isSaving }}
      >
        {edited === undefined ? null : (
          <RuleForm
            rule={edited === 'new' ? undefined : edited}
            onSaving={setSaving}
            onDone={() => {
              setEdited(undefined);
              changed();
            }}
          />
        )}
      </Modal>
      <DeleteQuestion
        rule={deleted}
        onClose={() => {
          setDeleted(undefined);
        }}
        onDone={changed}
      />
    </SettingsSection>
  );
}

function columnsOf(
  mayChange: boolean,
  isOnly: boolean,
  edit: (rule: Rule) => void,
  remove: (rule: Rule) => void,
): Column<Rule>[] {
  const shown: Column<Rule>[] = [
    { key: 'group', header: 'Devices', cell: (rule) => <Text fw={600}>{groupWords(rule, isOnly)}</Text> },
    { key: 'offline', header: 'Offline for', cell: (rule) => minutesWords(rule.offline_minutes) },
    {
      key: 'keys',
      header: 'Key expires, not rotated',
      cell: ({ key_days: days }) =>
        days === null ? '–' : `within ${String(days)} ${days === 1 ? 'day' : 'days'}`,
    },
    {
      key: 'endpoints',
      header: 'Delivered to',
      cell: ({ endpoint_ids: ids }) =>
        ids === null ? 'all endpoints' : `${String(ids.length)} of the endpoints`,
    },
  ];
  if (!mayChange) return shown;
  return [
    ...shown,
    {
      key: 'actions',
      header: 'Actions',
      cell: (rule) => (
        <Group gap="xs">
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Change the rule for ${groupWords(rule, isOnly)}`}
            onClick={() => {
              edit(rule);
            }}
          >
            Change
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Delete the rule for ${groupWords(rule, isOnly)}`}
            onClick={() => {
              remove(rule);
            }}
          >
            Delete
          </Button>
        </Group>
      ),
    },
  ];
}

function minutesWords(minutes: number | null): string {
  if (minutes === null) return '–';
  return minutes === 1 ? '1 minute' : `${String(minutes)} minutes`;
}

interface DeleteQuestionProps {
  readonly rule: Rule | undefined;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function DeleteQuestion({ onClose, onDone, rule }: DeleteQuestionProps): ReactNode {
  const remove = api.useMutation('delete', '/api/v1/alert-rules/{id}');
  return (
    <ConfirmDialog
      opened={rule !== undefined}
      onClose={onClose}
      title="Delete this rule?"
      confirm="Delete"
      danger
      onConfirm={async () => {
        await remove.mutateAsync({ params: { path: { id: rule?.id ?? '' } } });
        onDone();
      }}
    >
      Its open incidents end without a message.{' '}
      {rule?.group === null
        ? null
        : 'Its devices fall under the rule for all other devices, if there is one.'}
    </ConfirmDialog>
  );
}
