import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, client, type Schema } from '../../api/client.ts';
import { jsonText } from './json.ts';

export type DeviceNotes = Schema<'DeviceNotes'>;

/** As it stands in the fields. */
export interface NotesText {
  readonly notes: string;
  readonly location: string;
  readonly place: string;
}

/** An edit that is not saved, and what it was made from. */
interface NotesEdit {
  readonly text: NotesText;
  readonly base: DeviceNotes;
}

export interface NotesEditing {
  /** Undefined while nobody edits. */
  readonly edit: NotesEdit | undefined;
  /** Whether something typed would be lost. */
  readonly isUnsaved: boolean;
  readonly begin: (notes: DeviceNotes) => void;
  readonly type: (text: NotesText) => void;
  readonly drop: () => void;
  /** Writes what was changed, unless the notes are others by now than those that are shown: those are shown then. */
  readonly save: (shown: DeviceNotes) => void;
  readonly isSaving: boolean;
  readonly error: unknown;
}

/** Kept by the page, so that it outlives a look at another tab. */
export function useNotesEdit(deviceId: string): NotesEditing {
  const queries = useQueryClient();
  const [edit, setEdit] = useState<NotesEdit | undefined>(undefined);
  const [isSaving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const init = { params: { path: { id: deviceId } } };
  const query = api.queryOptions('get', '/api/v1/devices/{id}/notes', init);
  const write = async (shown: DeviceNotes, body: NotesChange): Promise<void> => {
    const now = await queries.query({ ...query, staleTime: 0 });
    if (now.updated_at !== shown.updated_at) return;
    const { data } = await client.PUT('/api/v1/devices/{id}/notes', { ...init, body });
    if (data !== undefined) queries.setQueryData(query.queryKey, data);
    setEdit(undefined);
    void queries.invalidateQueries({
      predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(deviceId),
    });
  };
  const drop = (): void => {
    setEdit(undefined);
    setError(undefined);
  };
  const save = (shown: DeviceNotes): void => {
    if (edit === undefined) return;
    const change = notesChange(edit.base, edit.text);
    if (Object.keys(change).length === 0) {
      drop();
      return;
    }
    setSaving(true);
    setError(undefined);
    write(shown, change)
      .catch(setError)
      .finally(() => setSaving(false));
  };
  return {
    edit,
    isUnsaved: edit !== undefined && jsonText(edit.text) !== jsonText(notesText(edit.base)),
    begin: (base) => setEdit({ base, text: notesText(base) }),
    type: (text) => setEdit((before) => (before === undefined ? undefined : { ...before, text })),
    drop,
    save,
    isSaving,
    error,
  };
}

function notesText({ latitude, location, longitude, notes }: DeviceNotes): NotesText {
  return {
    notes: notes ?? '',
    location: location ?? '',
    place: latitude === null ? '' : `${String(latitude)}, ${String(longitude)}`,
  };
}

type NotesChange = Schema<'UpdateDeviceNotesRequest'>;

/** What differs from what the person was shown: the rest stays as it is, whoever has changed it meanwhile. */
function notesChange(base: DeviceNotes, { location, notes, place }: NotesText): NotesChange {
  const shown = notesText(base);
  return {
    ...(notes === shown.notes ? {} : { notes: notes.trim() === '' ? null : notes }),
    ...(location === shown.location ? {} : { location: location.trim() === '' ? null : location }),
    ...(place === shown.place ? {} : readPlace(place)),
  };
}

/** Degrees as maps give them to copy; nulls for an empty text, undefined for what is no place. */
export function readPlace(text: string): { latitude: number | null; longitude: number | null } | undefined {
  if (text.trim() === '') return { latitude: null, longitude: null };
  const parts = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  const [latitude, longitude] = [Number(parts?.[1]), Number(parts?.[2])];
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : undefined;
}
