import { Alert, Anchor, Button, Group, Skeleton, Stack, Text, Textarea, TextInput } from '@mantine/core';
import type { ChangeEvent, ReactNode } from 'react';
import { api } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { When } from '../../components/when.tsx';
import { useMay } from '../../session/use-session.ts';
import { type DeviceNotes, type NotesEditing, type NotesText, readPlace } from './use-notes-edit.ts';

export interface NotesProps {
  readonly deviceId: string;
  readonly editing: NotesEditing;
}

/** What people know of the device and where it is. */
export function Notes({ deviceId, editing }: NotesProps): ReactNode {
  const notes = api.useQuery('get', '/api/v1/devices/{id}/notes', { params: { path: { id: deviceId } } });
  const mayChange = useMay('operator');
  const { data: known } = notes;
  if (known === undefined) {
    return notes.error === null ? (
      <Skeleton height={60} />
    ) : (
      <ProblemAlert error={notes.error} onRetry={() => void notes.refetch()} />
    );
  }
  const { edit } = editing;
  if (edit !== undefined) {
    const isBehind = edit.base.updated_at !== known.updated_at;
    return <NotesForm known={known} text={edit.text} isBehind={isBehind} editing={editing} />;
  }
  return (
    <Stack gap="xs" align="flex-start">
      <Shown notes={known} />
      {known.updated_at === null ? null : (
        <Text size="xs" c="dimmed">
          Changed <When at={known.updated_at} />
        </Text>
      )}
      {mayChange ? (
        <Button variant="default" onClick={() => editing.begin(known)}>
          Edit notes
        </Button>
      ) : null}
    </Stack>
  );
}

function Shown({ notes }: { readonly notes: DeviceNotes }): ReactNode {
  const { latitude, location, longitude, notes: text } = notes;
  const hasPlace = latitude !== null && longitude !== null;
  if (text === null && location === null && !hasPlace)
    return (
      <Text c="dimmed">Nothing is noted yet: where it hangs, who has the key, what to look out for.</Text>
    );
  return (
    <>
      {location === null ? null : <Text fw={600}>{location}</Text>}
      {hasPlace ? (
        <Anchor href={`geo:${String(latitude)},${String(longitude)}`}>
          {`${String(latitude)}, ${String(longitude)}`}
        </Anchor>
      ) : null}
      {text === null ? null : (
        <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{text}</Text>
      )}
    </>
  );
}

interface NotesFormProps {
  readonly known: DeviceNotes;
  readonly text: NotesText;
  readonly isBehind: boolean;
  readonly editing: NotesEditing;
}

/** Nothing that was typed is lost: a change from elsewhere is shown beside it, and the person decides. */
function NotesForm({ editing, isBehind, known, text }: NotesFormProps): ReactNode {
  const { error, isSaving } = editing;
  const problems = fieldProblems(error);
  const isPlace = readPlace(text.place) !== undefined;
  const field = (name: keyof NotesText) => ({
    value: text[name],
    readOnly: isSaving,
    error: problems[name],
    onChange: ({ currentTarget: { value } }: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      editing.type({ ...text, [name]: value }),
  });
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        if (isPlace && !isSaving) editing.save(known);
      }}
    >
      <Stack gap="sm" maw={560}>
        <TextInput
          label="Location (optional)"
          placeholder="Hall 3, second pump"
          maxLength={256}
          {...field('location')}
        />
        <TextInput
          label="Latitude, longitude (optional)"
          placeholder="47.3769, 8.5417"
          {...field('place')}
          error={isPlace ? undefined : 'Two numbers, such as 47.3769, 8.5417'}
        />
        <Textarea label="Notes (optional)" autosize minRows={3} maxLength={4000} {...field('notes')} />
        <ProblemAlert error={error} />
        {isBehind ? <ChangedElsewhere known={known} /> : null}
        <Group gap="xs">
          <Button type="submit" loading={isSaving} disabled={!isPlace}>
            {isBehind ? 'Make my changes to it' : 'Save'}
          </Button>
          <Button variant="default" disabled={isSaving} onClick={editing.drop}>
            {isBehind ? 'Drop mine' : 'Cancel'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function ChangedElsewhere({ known }: { readonly known: DeviceNotes }): ReactNode {
  return (
    <Alert color="yellow" title="The notes were changed elsewhere" role="alert">
      <Stack gap="xs">
        <Text>They are this now. Your edit is still above; nothing of it is lost.</Text>
        <Shown notes={known} />
      </Stack>
    </Alert>
  );
}
