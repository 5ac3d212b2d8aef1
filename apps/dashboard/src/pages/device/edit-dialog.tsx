import { Button, Group, Modal, Stack, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';

export interface EditDialogProps {
  readonly device: Schema<'Device'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Name, group and tags. */
export function EditDialog(props: EditDialogProps): ReactNode {
  const [isSaving, setSaving] = useState(false);
  return (
    <Modal
      opened={props.opened}
      // What was begun is seen to its end: its failure would be told to nobody.
      onClose={() => {
        if (!isSaving) props.onClose();
      }}
      title="Name, group and tags"
      closeButtonProps={{ 'aria-label': 'Close', disabled: isSaving }}
    >
      {props.opened ? <EditForm {...props} isSaving={isSaving} setSaving={setSaving} /> : null}
    </Modal>
  );
}

interface EditFormProps extends EditDialogProps {
  readonly isSaving: boolean;
  readonly setSaving: (isSaving: boolean) => void;
}

function EditForm({ device, isSaving, onClose, setSaving }: EditFormProps): ReactNode {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(undefined);
  // What the person was shown: it may change while the dialog is open.
  const [base] = useState(device);
  const { device_id: id } = device;
  const form = useForm<Values>({
    initialValues: { name: base.name ?? '', group: base.group ?? '', tags: [...base.tags] },
  });
  const save = async (values: Values): Promise<void> => {
    setError(undefined);
    const body = changeOf(base, values, device.tags);
    if (Object.keys(body).length === 0) {
      onClose();
      return;
    }
    setSaving(true);
    try {
      await client.PUT('/api/v1/devices/{id}', { params: { path: { id } }, body });
      await queries.invalidateQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(id) });
      onClose();
    } catch (problem) {
      setError(problem);
      form.setErrors(fieldProblems(problem));
    } finally {
      setSaving(false);
    }
  };
  return (
    <form
      onSubmit={form.onSubmit((values) => {
        if (!isSaving) void save(values);
      })}
    >
      <Stack gap="sm">
        <TextInput label="Name (optional)" maxLength={128} data-autofocus {...form.getInputProps('name')} />
        <TextInput label="Group (optional)" maxLength={64} {...form.getInputProps('group')} />
        <TagsInput
          label="Tags (optional)"
          description="Enter adds one"
          maxTags={32}
          maxLength={64}
          {...form.getInputProps('tags')}
        />
        <ProblemAlert error={error} />
        <Group justify="flex-end">
          <Button variant="default" disabled={isSaving} onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isSaving}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface Values {
  readonly name: string;
  readonly group: string;
  readonly tags: readonly string[];
}

/**
 * What differs from what the person was shown. The rest stays as it is, whoever has changed it meanwhile; of the tags, those
 * that others have added stay too.
 */
function changeOf(
  base: Schema<'Device'>,
  { group, name, tags }: Values,
  tagsNow: readonly string[],
): Schema<'UpdateDeviceRequest'> {
  const added = tags.filter((tag) => !base.tags.includes(tag));
  const removed = base.tags.filter((tag) => !tags.includes(tag));
  const kept = tagsNow.filter((tag) => !removed.includes(tag));
  return {
    ...(textOrNull(name) === base.name ? {} : { name: textOrNull(name) }),
    ...(textOrNull(group) === base.group ? {} : { group: textOrNull(group) }),
    ...(added.length + removed.length === 0 ? {} : { tags: [...new Set([...kept, ...added])] }),
  };
}

function textOrNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}
