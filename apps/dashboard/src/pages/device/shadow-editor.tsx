import {
  Alert,
  Button,
  Group,
  Paper,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  Textarea,
  Title,
} from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, client, type Schema } from '../../api/client.ts';
import { ApiProblem } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { When } from '../../components/when.tsx';
import { useMay } from '../../session/use-session.ts';
import classes from './json.module.css';
import { changeBetween, jsonText, readObject } from './json.ts';

type Shadow = Schema<'Shadow'>;

/** An edit that is not saved, and what it was made from. */
export interface ShadowEdit {
  readonly text: string;
  readonly base: Shadow;
}

export interface ShadowEditorProps {
  readonly deviceId: string;
  /** Kept by the page, so that it outlives a look at another tab. */
  readonly edit: ShadowEdit | undefined;
  readonly onEdit: (edit: ShadowEdit | undefined) => void;
}

/** What the device should be, what it says it is, and the difference. */
export function ShadowEditor({ deviceId, edit, onEdit }: ShadowEditorProps): ReactNode {
  const path = { id: deviceId };
  const shadow = api.useQuery('get', '/api/v1/devices/{id}/shadow', { params: { path } });
  if (shadow.data === undefined) {
    return shadow.error === null ? (
      <Skeleton height={200} />
    ) : (
      <ProblemAlert error={shadow.error} onRetry={() => void shadow.refetch()} />
    );
  }
  const { delta, reported, updated_at: at, version } = shadow.data;
  const says =
    Object.keys(delta).length > 0
      ? 'The device does not report all of it yet.'
      : 'The device reports all that is desired.';
  return (
    <Stack gap="md">
      {/* Read out when it changes, and not every minute. */}
      <p className="visually-hidden" role="status">{`Version ${String(version)}. ${says}`}</p>
      <Text c="dimmed">
        Version {version}, changed <When at={at} />. {says}
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Paper withBorder p="md" component="section" aria-label="Desired">
          <Title order={2} mb="xs">
            Desired
          </Title>
          <Desired current={shadow.data} edit={edit} onEdit={onEdit} />
        </Paper>
        <Stack gap="md">
          <Document title="Difference" value={delta} empty="None: the device reports all that is desired." />
          <Document title="Reported" value={reported} empty="The device has reported nothing yet." />
        </Stack>
      </SimpleGrid>
    </Stack>
  );
}

function Document(props: {
  readonly title: string;
  readonly value: Shadow['delta'];
  readonly empty: string;
}): ReactNode {
  const { empty, title, value } = props;
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      {Object.keys(value).length === 0 ? (
        <Text c="dimmed">{empty}</Text>
      ) : (
        <pre tabIndex={0} className={classes['document']}>
          {jsonText(value)}
        </pre>
      )}
    </Paper>
  );
}

/** Nothing that was typed is lost: a change from elsewhere is shown beside it, and the person decides. */
function Desired(
  props: Pick<ShadowEditorProps, 'edit' | 'onEdit'> & { readonly current: Shadow },
): ReactNode {
  const { current, edit, onEdit } = props;
  const mayChange = useMay('operator');
  const { error, isSaving, save } = useSaving(current, () => onEdit(undefined));
  const text = edit?.text ?? jsonText(current.desired);
  const document = readObject(text);
  const base = edit?.base ?? current;
  const isBehind = jsonText(base.desired) !== jsonText(current.desired);
  const change = document === undefined ? {} : changeBetween(base.desired, document);
  const isConflict = error instanceof ApiProblem && error.code === 'version_conflict';
  const buttons = {
    canSave: Object.keys(change).length > 0,
    isSaving,
    onSave: () => void save(change),
    onReset: edit === undefined ? undefined : () => onEdit(undefined),
  };
  return (
    <Stack gap="sm">
      <Textarea
        label="Desired state, as JSON"
        description="Members that are taken out are deleted on the device’s side too."
        autosize
        minRows={8}
        maxRows={24}
        spellCheck={false}
        classNames={{ input: classes['code'] ?? '' }}
        readOnly={!mayChange || isSaving}
        value={text}
        onChange={({ currentTarget: { value: typed } }) =>
          onEdit(typed === jsonText(base.desired) ? undefined : { text: typed, base })
        }
        error={document === undefined ? 'This is no JSON object yet' : undefined}
      />
      {isConflict ? null : <ProblemAlert error={error} />}
      {isBehind ? (
        <Alert color="yellow" title="The desired state was changed elsewhere" role="alert">
          <Stack gap="xs">
            <Text>It is this now. Your edit is still above; nothing of it is lost.</Text>
            <pre tabIndex={0} className={classes['document']}>
              {jsonText(current.desired)}
            </pre>
            <Buttons {...buttons} save="Make my changes to it" reset="Drop mine" />
          </Stack>
        </Alert>
      ) : null}
      {mayChange && !isBehind ? <Buttons {...buttons} save="Save" reset="Reset" /> : null}
    </Stack>
  );
}

/**
 * Writes a change on the version that is shown. A device’s own reports raise the version too: what matters to the person
 * is whether the desired half is still the one that was edited.
 */
function useSaving(current: Shadow, onSaved: () => void) {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(undefined);
  const [isSaving, setSaving] = useState(false);
  const params = { path: { id: current.device_id } };
  const queryKey = ['get', '/api/v1/devices/{id}/shadow', { params }];
  const save = async (desired: Shadow['desired']): Promise<void> => {
    setSaving(true);
    setError(undefined);
    try {
      const body = { desired, version: current.version };
      const { data } = await client.PUT('/api/v1/devices/{id}/shadow', { params, body });
      if (data !== undefined) queries.setQueryData(queryKey, data);
      onSaved();
    } catch (problem) {
      setError(problem);
      await queries.invalidateQueries({ queryKey });
    } finally {
      setSaving(false);
    }
  };
  return { error, isSaving, save };
}

function Buttons(props: {
  readonly save: string;
  readonly reset: string;
  readonly canSave: boolean;
  readonly isSaving: boolean;
  readonly onSave: () => void;
  readonly onReset: (() => void) | undefined;
}): ReactNode {
  const { canSave, isSaving, onReset, onSave, reset, save } = props;
  return (
    <Group gap="xs">
      <Button disabled={!canSave} loading={isSaving} onClick={onSave}>
        {save}
      </Button>
      {onReset === undefined ? null : (
        <Button variant="default" disabled={isSaving} onClick={onReset}>
          {reset}
        </Button>
      )}
    </Group>
  );
}
