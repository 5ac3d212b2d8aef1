import { Button, Checkbox, Group, MultiSelect, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { api, type Schema } from '../../../api/client.ts';
import { fieldProblems } from '../../../api/problem.ts';
import { ProblemAlert } from '../../../components/problem-alert.tsx';

const offlineMinutesMax = 10_080;
const keyDaysMax = 60;

type Rule = Schema<'AlertRule'>;

interface Draft {
  readonly group: string;
  readonly watchesOffline: boolean;
  /** As it stands in its field: nothing while it is typed anew. */
  readonly offlineMinutes: number | '';
  readonly watchesKeys: boolean;
  readonly keyDays: number | '';
  /** null: all. */
  readonly endpointIds: readonly string[] | null;
}

function draftOf(rule: Rule | undefined): Draft {
  return {
    group: rule?.group ?? '',
    watchesOffline: rule === undefined || rule.offline_minutes !== null,
    offlineMinutes: rule?.offline_minutes ?? 15,
    watchesKeys: rule === undefined || rule.key_days !== null,
    keyDays: rule?.key_days ?? 14,
    endpointIds: rule?.endpoint_ids ?? null,
  };
}

export interface RuleFormProps {
  /** Undefined: a new one. */
  readonly rule: Rule | undefined;
  readonly onSaving: (isSaving: boolean) => void;
  readonly onDone: () => void;
}

export function RuleForm({ onDone, onSaving, rule }: RuleFormProps): ReactNode {
  const [draft, setDraft] = useState(() => draftOf(rule));
  // Not of `mutate()`: those are dropped with the form, and the list would stay as it was.
  const told = {
    onMutate: () => {
      onSaving(true);
    },
    onSuccess: onDone,
    onSettled: () => {
      onSaving(false);
    },
  };
  const create = api.useMutation('post', '/api/v1/alert-rules', told);
  const update = api.useMutation('put', '/api/v1/alert-rules/{id}', told);
  const { error, isPending } = rule === undefined ? create : update;
  const watches = draft.watchesOffline || draft.watchesKeys;
  const save = (): void => {
    const body = {
      offline_minutes: draft.watchesOffline ? Number(draft.offlineMinutes) : null,
      key_days: draft.watchesKeys ? Number(draft.keyDays) : null,
      endpoint_ids: draft.endpointIds === null ? null : [...draft.endpointIds],
    };
    const group = draft.group.trim() === '' ? null : draft.group.trim();
    if (rule === undefined) create.mutate({ body: { ...body, group } });
    else update.mutate({ params: { path: { id: rule.id } }, body });
  };
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        if (watches && !isPending) save();
      }}
    >
      <Stack>
        {rule === undefined ? (
          <TextInput
            label="Group (optional)"
            description="Left empty, the rule is for all devices whose group has none."
            value={draft.group}
            error={fieldProblems(error)['group']}
            onChange={(change) => {
              setDraft({ ...draft, group: change.currentTarget.value });
            }}
          />
        ) : null}
        <Watched draft={draft} setDraft={setDraft} />
        <Targets draft={draft} setDraft={setDraft} />
        {watches ? null : (
          <Text size="sm" c="red" role="alert">
            Choose at least one thing to watch for.
          </Text>
        )}
        <ProblemAlert error={error} />
        <Group justify="flex-end">
          <Button type="submit" loading={isPending} disabled={!watches}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface DraftProps {
  readonly draft: Draft;
  readonly setDraft: (draft: Draft) => void;
}

function Watched({ draft, setDraft }: DraftProps): ReactNode {
  return (
    <>
      <Checkbox
        label="Tell when devices stay offline"
        checked={draft.watchesOffline}
        onChange={(change) => {
          setDraft({ ...draft, watchesOffline: change.currentTarget.checked });
        }}
      />
      {draft.watchesOffline ? (
        <NumberInput
          label="Offline for, in minutes"
          min={1}
          required
          max={offlineMinutesMax}
          allowDecimal={false}
          value={draft.offlineMinutes}
          onChange={(minutes) => {
            setDraft({ ...draft, offlineMinutes: Number(minutes) || '' });
          }}
        />
      ) : null}
      <Checkbox
        label="Tell when keys expire and are not rotated"
        checked={draft.watchesKeys}
        onChange={(change) => {
          setDraft({ ...draft, watchesKeys: change.currentTarget.checked });
        }}
      />
      {draft.watchesKeys ? (
        <NumberInput
          label="Expire within, in days"
          description="Of devices that were offered a new key a day ago or earlier and did not take it."
          min={1}
          required
          max={keyDaysMax}
          allowDecimal={false}
          value={draft.keyDays}
          onChange={(days) => {
            setDraft({ ...draft, keyDays: Number(days) || '' });
          }}
        />
      ) : null}
    </>
  );
}

function Targets({ draft, setDraft }: DraftProps): ReactNode {
  const { data } = api.useQuery('get', '/api/v1/alert-endpoints');
  const endpoints = data?.endpoints ?? [];
  return (
    <>
      <Checkbox
        label="Deliver to all endpoints"
        checked={draft.endpointIds === null}
        onChange={(change) => {
          setDraft({
            ...draft,
            endpointIds: change.currentTarget.checked ? null : endpoints.map(({ id }) => id),
          });
        }}
      />
      {draft.endpointIds === null ? null : (
        <MultiSelect
          label="Deliver to"
          data={endpoints.map(({ id, name }) => ({ value: id, label: name }))}
          value={[...draft.endpointIds]}
          onChange={(endpointIds) => {
            setDraft({ ...draft, endpointIds });
          }}
        />
      )}
    </>
  );
}
