import { Anchor, Button, Group, Skeleton, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, client, type Schema } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { When } from '../../components/when.tsx';
import { useMay } from '../../session/use-session.ts';

type DeviceNotes = Schema<'DeviceNotes'>;

/** What people know of the device and where it is. */
export function Notes({ deviceId }: { readonly deviceId: string }): ReactNode {
  const notes = api.useQuery('get', '/api/v1/devices/{id}/notes', { params: { path: { id: deviceId } } });
  const [isEditing, setEditing] = useState(false);
  const mayChange = useMay('operator');
  if (notes.data === undefined) {
    return notes.error === null ? (
      <Skeleton height={60} />
    ) : (
      <ProblemAlert error={notes.error} onRetry={() => void notes.refetch()} />
    );
  }
  if (isEditing) return <NotesForm known={notes.data} onClose={() => setEditing(false)} />;
  return (
    <Stack gap="xs" align="flex-start">
      <Shown notes={notes.data} />
      {mayChange ? (
        <Button variant="default" onClick={() => setEditing(true)}>
          Edit notes
        </Button>
      ) : null}
    </Stack>
  );
}

function Shown({ notes }: { readonly notes: DeviceNotes }): ReactNode {
  const { latitude, location, longitude, notes: text, updated_at: at } = notes;
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
      <Text size="xs" c="dimmed">
        Changed <When at={at} />
      </Text>
    </>
  );
}

interface NotesFormProps {
  readonly known: DeviceNotes;
  readonly onClose: () => void;
}

function NotesForm({ known, onClose }: NotesFormProps): ReactNode {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(undefined);
  const form = useForm({
    initialValues: {
      notes: known.notes ?? '',
      location: known.location ?? '',
      place: known.latitude === null ? '' : `${String(known.latitude)}, ${String(known.longitude)}`,
    },
    validate: {
      place: (text) => (readPlace(text) === undefined ? 'Two numbers, such as 47.3769, 8.5417' : null),
    },
  });
  const save = async (values: typeof form.values): Promise<void> => {
    setError(undefined);
    const id = known.device_id;
    const place = readPlace(values.place) ?? { latitude: null, longitude: null };
    const location = values.location.trim() === '' ? null : values.location;
    try {
      await client.PUT('/api/v1/devices/{id}/notes', {
        params: { path: { id } },
        body: { notes: values.notes.trim() === '' ? null : values.notes, location, ...place },
      });
    } catch (problem) {
      setError(problem);
      form.setErrors(fieldProblems(problem));
      return;
    }
    await queries.invalidateQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(id) });
    onClose();
  };
  return (
    <form onSubmit={form.onSubmit((values) => (form.submitting ? undefined : save(values)))}>
      <Stack gap="sm" maw={560}>
        <TextInput
          label="Location (optional)"
          placeholder="Hall 3, second pump"
          maxLength={256}
          {...form.getInputProps('location')}
        />
        <TextInput
          label="Latitude, longitude (optional)"
          placeholder="47.3769, 8.5417"
          {...form.getInputProps('place')}
        />
        <Textarea
          label="Notes (optional)"
          autosize
          minRows={3}
          maxLength={4000}
          {...form.getInputProps('notes')}
        />
        <ProblemAlert error={error} />
        <Group gap="xs">
          <Button type="submit" loading={form.submitting}>
            Save
          </Button>
          <Button variant="default" disabled={form.submitting} onClick={onClose}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Degrees as maps give them to copy; nulls for an empty text, undefined for what is no place. */
function readPlace(text: string): { latitude: number | null; longitude: number | null } | undefined {
  if (text.trim() === '') return { latitude: null, longitude: null };
  const parts = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  const [latitude, longitude] = [Number(parts?.[1]), Number(parts?.[2])];
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : undefined;
}
